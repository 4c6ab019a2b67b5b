"""Writes served pages to MongoDB, off the request's path."""

import asyncio
from collections import deque

import structlog

from reels.core.errors import StoreError, StoreUnavailable
from reels.core.ports import FeedStore
from reels.core.types import ServedFeed
from reels.recommender import replay
from reels.recommender.stages import Done

BATCH = 50
_log = structlog.get_logger(__name__)


class Record:
    """A bounded queue and one writer. While MongoDB is away pages wait; when it is full the oldest go, counted.

    The writer waits `gather_sec` for others to come: a page written by itself costs 0.6 ms of this process, fifty
    together 0.1 ms each.
    """

    name = "record"

    def __init__(
        self, feeds: FeedStore, *, limit: int = 5000, retry_sec: float = 1.0, gather_sec: float = 0.05
    ) -> None:
        self._feeds, self._retry_sec, self._gather_sec = feeds, retry_sec, gather_sec
        self._waiting: deque[ServedFeed] = deque()
        self._limit = limit
        self._news = asyncio.Event()
        self.dropped = 0
        """Pages that were never recorded because the queue was full or MongoDB refused them."""

    async def run(self, done: Done) -> None:
        """Queue a page."""
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(ServedFeed(done.page, done.query, replay.pack(done.inputs, done.models)))
        self._news.set()

    @property
    def waiting(self) -> int:
        """Pages not yet written."""
        return len(self._waiting)

    async def write_for_ever(self) -> None:
        """The writer: a background task; what is left is written by `flush` at the end."""
        while True:
            await self._news.wait()
            await asyncio.sleep(self._gather_sec)
            self._news.clear()
            try:
                await self.flush()
            except StoreUnavailable as error:
                _log.warning("served pages wait for MongoDB", waiting=self.waiting, reason=str(error))
                self._news.set()
                await asyncio.sleep(self._retry_sec)

    async def flush(self) -> None:
        """Writes all that waits. StoreUnavailable: it waits on, nothing is lost. What MongoDB refuses is dropped."""
        while self._waiting:
            batch = [self._waiting[i] for i in range(min(BATCH, len(self._waiting)))]
            try:
                await self._feeds.record(batch)
            except StoreUnavailable:
                raise
            except StoreError as error:
                self.dropped += len(batch)
                _log.error("served pages refused by MongoDB", pages=len(batch), reason=str(error))
            self._take_off(batch)

    def _take_off(self, written: list[ServedFeed]) -> None:
        """Those written leave the queue; some may have been dropped meanwhile."""
        ids = {id(one) for one in written}
        while self._waiting and id(self._waiting[0]) in ids:
            self._waiting.popleft()
