"""Candidate sets: the kept one if it is good, else a new one, built by one builder at a time, off the event loop."""

import asyncio
from concurrent.futures import Executor

import structlog

from reels.core.errors import InputError, StoreError
from reels.core.policy import Policy
from reels.core.ports import ViewerStore
from reels.core.types import CandidateSet, FeedQuery
from reels.recommender.candidates import packing
from reels.recommender.candidates.generator import Generator
from reels.recommender.models import Models
from reels.recommender.stages import Viewer

CLAIM_SEC = 5.0
"""A builder that has not finished by then is taken for dead."""
FAILED_TTL = 0.1
"""Share of the usual life of a set that some source is missing from."""

_log = structlog.get_logger(__name__)


class Building:
    """Keeps candidate sets in Redis. Requests of one viewer in this process share a build."""

    def __init__(self, generator: Generator, viewers: ViewerStore, executor: Executor, ttl_sec: float) -> None:
        self.generator = generator
        self._viewers, self._executor, self._ttl_sec = viewers, executor, ttl_sec
        self._running: dict[tuple[str, str], asyncio.Task[CandidateSet]] = {}

    def usable(self, packed: bytes | None, models: Models, now: float) -> CandidateSet | None:
        """The set in Redis, if it is of these models and young enough."""
        if packed is None:
            return None
        try:
            found = packing.unpack(packed)
        except InputError as error:
            _log.warning("candidates in redis can't be read and are built anew", reason=str(error))
            return None
        fresh = found.snapshot == models.version and now - found.built_at < 1.2 * self._ttl_sec
        return found if fresh and found.sources == self.generator.names else None

    async def build(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy) -> CandidateSet:
        """A new set, kept for the next pages. Two requests at once wait for the same one."""
        place = (query.user_id, models.version)
        task = self._running.get(place)
        if task is None:
            task = asyncio.create_task(self._build_and_keep(query, viewer, models, policy))
            self._running[place] = task
            task.add_done_callback(lambda _: self._running.pop(place, None))
        return await asyncio.shield(task)

    async def _build_and_keep(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy) -> CandidateSet:
        try:
            keep = await self._viewers.claim_build(query.user_id, CLAIM_SEC)
        except StoreError:
            keep = False
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._executor, self.generator.build, query, viewer, models, policy)
        if keep:
            jitter = 0.9 + 0.2 * (query.seed % 1024) / 1024
            ttl = self._ttl_sec * jitter * (FAILED_TTL if found.failed else 1.0)
            try:
                await self._viewers.put_candidates(query.user_id, packing.pack(found), ttl)
            except StoreError as error:
                _log.info("candidates not kept", reason=str(error))
        return found
