"""What is known of a viewer at the start of a request: from Redis, else from MongoDB, else from this process alone."""

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass, field, replace

import numpy as np
import structlog

from reels.core.errors import StoreError, UnreadableState
from reels.core.keys import NO_KEYS, Keys, keys_of
from reels.core.ports import FeedStore, ViewerCache, ViewerStore
from reels.core.types import UserState
from reels.core.user_state import unpack
from reels.recommender.answered import AnsweredLately
from reels.recommender.membership import in_sorted

PAGES_READ = 100
"""Recorded pages read to know what was served, while Redis can't tell."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """A viewer as found, and what could not be asked."""

    state: UserState
    seen: Keys
    served: Keys
    """In order of showing, the newest last."""
    recovered: Keys = field(default_factory=lambda: NO_KEYS)
    """Of `served`, what Redis had lost: it is given back with the next page."""
    candidates: bytes | None = None
    page: bytes | None = None
    policy_version: int | None = None
    degraded: tuple[str, ...] = ()
    from_truth: bool = False
    """Redis had lost the viewer, or could not be asked."""


class Gathering:
    """Reads a viewer. `rebuild` makes state and seen set anew from MongoDB (`ingest.rebuild`), `read` without keeping.

    `stale`: viewers whose state in Redis may lack events, as far as this process knows.
    """

    def __init__(
        self,
        viewers: ViewerStore,
        feeds: FeedStore,
        rebuild: Callable[[str], Awaitable[tuple[UserState, Keys]]],
        stale: Container[str],
        answered: AnsweredLately,
        served_sec: float,
    ) -> None:
        self._viewers, self._feeds, self._rebuild = viewers, feeds, rebuild
        self._stale, self._answered, self._served_sec = stale, answered, served_sec

    async def read(self, user_id: str, feed_id: str, now: float) -> Known:
        """Never raises for a store that is away: says so in `degraded`."""
        degraded: list[str] = []
        try:
            cache = await self._viewers.read(user_id, feed_id)
        except StoreError:
            cache = ViewerCache()
            degraded.append("redis")
        state = self._state(cache, user_id)
        if state is not None and cache.seen is not None:
            return self._known(cache, state, cache.seen, self._answered.shown_to(user_id), degraded)
        return await self._from_truth(user_id, now, cache, state, degraded)

    def _state(self, cache: ViewerCache, user_id: str) -> UserState | None:
        if cache.state is None or user_id in self._stale:
            return None
        try:
            return unpack(cache.state)
        except UnreadableState as error:
            _log.warning("state in redis can't be read and is rebuilt", reason=str(error))
            return None

    async def _from_truth(
        self, user_id: str, now: float, cache: ViewerCache, state: UserState | None, degraded: list[str]
    ) -> Known:
        seen = NO_KEYS if cache.seen is None else cache.seen
        recovered = self._answered.shown_to(user_id)
        try:
            if state is None and cache.state is not None and "redis" not in degraded:
                await self._drop(user_id)
            state, rebuilt = await self._rebuild(user_id)
            seen = np.concatenate([seen, rebuilt])
            pages = await self._feeds.recent_of(user_id, now - self._served_sec, PAGES_READ)
            shown = [item.reel_id for page in reversed(pages) for item in page.page.items]
            recovered = np.concatenate([keys_of(shown), recovered])
        except StoreError as error:
            _log.warning("viewer not rebuilt", reason=str(error))
            degraded.append("mongo")
        return replace(self._known(cache, state or UserState(user_id), seen, recovered, degraded), from_truth=True)

    async def _drop(self, user_id: str) -> None:
        try:
            await self._viewers.drop_state([user_id])
        except StoreError as error:
            _log.info("stale state not dropped", reason=str(error))

    def _known(self, cache: ViewerCache, state: UserState, seen: Keys, recovered: Keys, degraded: list[str]) -> Known:
        if len(recovered):
            recovered = recovered[~in_sorted(recovered, np.sort(cache.served))]
        return Known(
            state=state,
            seen=seen,
            served=np.concatenate([recovered, cache.served]) if len(recovered) else cache.served,
            recovered=recovered,
            candidates=cache.candidates,
            page=cache.page,
            policy_version=cache.policy_version,
            degraded=tuple(degraded),
        )
