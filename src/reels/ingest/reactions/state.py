"""Folds new events into the viewer's state in Redis, so that the next page obeys."""

from collections.abc import Sequence

from reels.core.errors import StoreUnavailable, UnreadableState
from reels.core.ports import ViewerStore
from reels.core.types import Event
from reels.core.user_state import fold, pack, teaches, unpack
from reels.ingest.rebuild import Rebuild

_TRIES = 3
"""Between a rebuild and the next look somebody may drop the state again ("start afresh", the replay)."""


class StateReaction:
    """`user:{id}:state`."""

    name = "state"

    def __init__(self, viewers: ViewerStore, rebuild: Rebuild) -> None:
        self._viewers, self._rebuild = viewers, rebuild

    async def on_events(self, user_id: str, events: Sequence[Event]) -> None:
        """Fold them in. Where there is no state it is rebuilt first and folded into once more.

        Without that, a rebuild that had read MongoDB before these events could put its older state after this one
        looked, and the next page would not obey.
        """
        telling = [one for one in events if teaches(one)]
        if not telling:
            return
        for _ in range(_TRIES):
            if await self._folded(user_id, telling):
                return
            await self._rebuild(user_id)
        raise StoreUnavailable("redis", "the viewer's state could not be updated: too many writers")

    async def _folded(self, user_id: str, events: Sequence[Event]) -> bool:
        def step(packed: bytes | None, /) -> bytes | None:
            return None if packed is None else pack(fold(unpack(packed), events))

        try:
            return await self._viewers.update_state(user_id, step)
        except UnreadableState:
            await self._viewers.drop_state([user_id])
            return False
