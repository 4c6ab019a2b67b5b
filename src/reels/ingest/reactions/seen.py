"""Remembers which reels the viewer has seen: any event with a reel counts, however short."""

from collections.abc import Sequence

from reels.core.keys import keys_of
from reels.core.ports import ViewerStore
from reels.core.types import Event
from reels.ingest.rebuild import Rebuild


class SeenReaction:
    """`user:{id}:seen`."""

    name = "seen"

    def __init__(self, viewers: ViewerStore, rebuild: Rebuild) -> None:
        self._viewers, self._rebuild = viewers, rebuild

    async def on_events(self, user_id: str, events: Sequence[Event]) -> None:
        """Append the reels; a lost set is rebuilt, and that includes these events."""
        reels = dict.fromkeys(event.reel_id for event in events)
        if reels and not await self._viewers.add_seen(user_id, keys_of(reels)):
            await self._rebuild(user_id)
