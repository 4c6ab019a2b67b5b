"""Makes good what did not happen after events were stored: a crash in between, or Redis not answering.

Nothing is acted out again. The viewer's state is dropped, and the next read folds it anew from MongoDB, which has
all events.
"""

from dataclasses import dataclass

from reels.core.ports import InteractionStore, ViewerStore
from reels.ingest.stale import StaleViewers

AFTER_SEC = 5.0
"""Events younger than this may still be in the middle of their request."""
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Replay:
    """One pass at a time; run it every few seconds in each API process (`stale` is that process's)."""

    interactions: InteractionStore
    viewers: ViewerStore
    stale: StaleViewers

    async def run_once(self, now: float) -> int:
        """How many batches of events were made good. StoreUnavailable: try again at the next pass, nothing was lost."""
        await self._drop_stale()
        done = 0
        while events := await self.interactions.unreacted(now - AFTER_SEC, BATCH):
            by_viewer: dict[str, list[str]] = {}
            for event in events:
                by_viewer.setdefault(event.user_id, []).append(event.event_id)
            await self.viewers.drop_state(list(by_viewer))
            await self.interactions.mark_reacted(by_viewer)
            done += len(events)
            if len(events) < BATCH:
                break
        return done

    async def _drop_stale(self) -> None:
        marks = self.stale.all()
        if marks:
            await self.viewers.drop_state(list(marks))
            self.stale.clear(marks)
