"""What happens once events are on disk, before they are acknowledged. One file a reaction, one line in `wiring`."""

from collections.abc import Sequence
from typing import Protocol

from reels.core.types import Event


class Reaction(Protocol):
    """Idempotent, in any order: the same events may come again. Raises StoreUnavailable; then they are replayed."""

    name: str

    async def on_events(self, user_id: str, events: Sequence[Event]) -> None:
        """Act on newly stored events of one viewer."""
