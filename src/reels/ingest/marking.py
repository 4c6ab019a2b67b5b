"""Marks events as reacted, off the path of the acknowledgement."""

import asyncio
from collections.abc import Sequence

import structlog

from reels.core.errors import StoreError
from reels.core.ports import InteractionStore

WAITING_LIMIT = 100_000
"""Beyond so many waiting events marks are left out: the replay costs a rebuild, not a loss."""
_log = structlog.get_logger(__name__)


class Marking:
    """One task that marks what has piled up. `close` waits until all is marked."""

    def __init__(self, interactions: InteractionStore) -> None:
        self._interactions = interactions
        self._waiting: dict[str, list[str]] = {}
        self._count = 0
        self._task: asyncio.Task[None] | None = None

    def mark(self, user_id: str, event_ids: Sequence[str]) -> None:
        """Soon: the reactions to these events have run."""
        if not event_ids or self._count >= WAITING_LIMIT:
            return
        self._waiting.setdefault(user_id, []).extend(event_ids)
        self._count += len(event_ids)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Returns when nothing waits any more."""
        while self._task is not None and not self._task.done():
            await self._task

    async def _run(self) -> None:
        while self._waiting:
            marks, events = self._waiting, self._count
            self._waiting, self._count = {}, 0
            try:
                await self._interactions.mark_reacted(marks)
            except StoreError as error:
                _log.warning("not marked as reacted; left to the replay", reason=str(error), events=events)
