"""A viewer's state and seen set, made anew from MongoDB."""

import asyncio
import contextlib
from dataclasses import dataclass

import numpy as np

from reels.core.errors import StoreError
from reels.core.keys import Keys, keys_of
from reels.core.ports import InteractionStore, UserStore, ViewerStore
from reels.core.types import EventKind, User, UserState
from reels.core.user_state import SWITCHING, fold, new_state, pack

NEWEST = 1000
"""Events read for the history, which keeps 200 reels."""
NEWEST_MARKS = 2000
"""Likes, saves and not-interested marks read beyond those."""
NEWEST_CREATORS = 12_000
"""Follows and blocks: few, and a block is not to be forgotten. (An event costs 8 us to read.)"""
SEEN_LIMIT = 100_000
_TEACHING = tuple(kind for kind in EventKind if kind is not EventKind.IMPRESSION)
_OF_CREATORS = (EventKind.FOLLOW, EventKind.UNFOLLOW, EventKind.BLOCK, EventKind.UNBLOCK)
_MARKS = tuple(kind for kind in SWITCHING if kind not in _OF_CREATORS)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """`await rebuild(user_id)`: reads MongoDB and puts the result into Redis where that answers."""

    users: UserStore
    interactions: InteractionStore
    viewers: ViewerStore

    async def __call__(self, user_id: str) -> tuple[UserState, Keys]:
        """State and seen keys (sorted, distinct) as MongoDB has them now. StoreUnavailable: MongoDB does not answer.

        A state that is in Redis stays: events were folded into it that this one may have been too early for.
        """
        generation = await self._generation(user_id)
        state, seen = await self._read(user_id)
        if generation is not None:
            with contextlib.suppress(StoreError):  # what was read is good, kept or not
                await self.viewers.put_state(user_id, pack(state), only_if_absent=True, generation=generation)
                await self.viewers.put_seen(user_id, seen, generation=generation)
        return state, np.unique(seen)

    async def _generation(self, user_id: str) -> int | None:
        """Read before MongoDB, so that a drop in between ("start afresh") is not undone. None: Redis is away."""
        try:
            return (await self.viewers.read(user_id)).generation
        except StoreError:
            return None

    async def _read(self, user_id: str) -> tuple[UserState, Keys]:
        """State, and seen keys oldest first."""
        user, newest, marks, creators, reels = await asyncio.gather(
            self.users.get(user_id),
            self.interactions.newest_of(user_id, NEWEST, _TEACHING),
            self.interactions.newest_of(user_id, NEWEST_MARKS, _MARKS),
            self.interactions.newest_of(user_id, NEWEST_CREATORS, _OF_CREATORS),
            self.interactions.reels_of(user_id, SEEN_LIMIT),
        )
        state = fold(new_state(user or User(user_id, 0.0)), [*creators, *marks, *newest])
        return state, keys_of(reversed(reels))
