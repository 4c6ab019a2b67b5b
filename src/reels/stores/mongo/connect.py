"""The connection to MongoDB, its timeouts, and the one place where its errors become ours.

Measured against a SIGSTOPped mongod: see `tests/stores/mongo/test_connect.py`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pymongo
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

from reels.core.errors import StoreError, StoreUnavailable
from reels.stores.breaker import Breaker
from reels.stores.watching import Watch, unwatched

Document = dict[str, Any]
Collection = AsyncCollection[Document]

STORE = "mongo"
"""Its name in StoreUnavailable and in `degraded`."""
_DUPLICATE_KEY = 11000
# Shutting down, stepping down, recovering, out of disk: the server lives, but can't do it now.
_NOT_NOW = {91, 189, 262, 10058, 10107, 11600, 11602, 13435, 13436, 14031}


class Mongo:
    """One database and how long anybody waits for it."""

    def __init__(
        self,
        database: AsyncDatabase[Document],
        timeout_sec: float = 2.0,
        breaker: Breaker | None = None,
        watch: Watch = unwatched,
        ticks: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.database = database
        self.timeout_sec = timeout_sec
        self._breaker = breaker or Breaker()
        self._watch, self._ticks = watch, ticks

    @property
    def away(self) -> bool:
        """Whether it did not answer when last asked."""
        return self._breaker.open

    def collection(self, name: str) -> Collection:
        """A collection by name, with the default write concern: majority and journaled on a replica set.

        Never w=1: kill -9 of mongod under writers lost 91 to 380 acknowledged writes with it, none without.
        """
        return self.database[name]

    @contextmanager
    def answering(self, *, timeout_sec: float | None = None, patient: bool = False) -> Iterator[None]:
        """Everything said to MongoDB is said in here.

        The block has `timeout_sec` in all, retries included (default: the store's). `patient` is for what reads or
        writes very many: each command may take the client's socket timeout, but a server that is gone is still
        noticed within seconds (a long deadline would be spent on retries). Raises StoreUnavailable when MongoDB does
        not answer, StoreError when it refuses. Never yield to a caller from inside: the deadline is a context variable
        and would become theirs.
        """
        if self._breaker.refuses():
            self._watch(STORE, "spared", 0.0)
            raise StoreUnavailable(STORE, "it did not a moment ago")
        began = self._ticks()
        try:
            with nullcontext() if patient else pymongo.timeout(timeout_sec or self.timeout_sec):
                yield
        except PyMongoError as error:
            if isinstance(error, ConnectionFailure):
                self._breaker.failed()
            ours = translated(error)
            self._watch(STORE, "away" if isinstance(ours, StoreUnavailable) else "refused", self._ticks() - began)
            raise ours from error
        self._breaker.succeeded()
        self._watch(STORE, "answered", self._ticks() - began)

    async def ping(self) -> None:
        """Raises StoreUnavailable when no server takes writes."""
        with self.answering():
            hello = await self.database.client.admin.command("hello")
        if not hello.get("isWritablePrimary"):
            raise StoreUnavailable(STORE, "the server takes no writes at the moment")

    async def close(self) -> None:
        """Close the client and its connections."""
        await self.database.client.close()


def connect(
    url: str, database: str, timeout_sec: float = 2.0, breaker: Breaker | None = None, watch: Watch = unwatched
) -> Mongo:
    """A client for this event loop; nothing is sent yet. Jobs and imports want a longer `timeout_sec` (30 s)."""
    patience_ms = int(timeout_sec * 1000)
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        url,
        tz_aware=True,
        appname="reels",
        serverSelectionTimeoutMS=min(patience_ms, 1500),
        connectTimeoutMS=min(patience_ms, 1000),
        # Bounds what no deadline bounds: see `patient`.
        socketTimeoutMS=max(patience_ms, 60_000),
        heartbeatFrequencyMS=1000,
        waitQueueTimeoutMS=patience_ms,
    )
    return Mongo(client[database], timeout_sec, breaker, watch)


def only_duplicates(error: BulkWriteError) -> bool:
    """Whether all that went wrong in an unordered insert is that some `_id`s were there before."""
    details = error.details or {}
    refused = details.get("writeErrors", [])
    return not details.get("writeConcernErrors") and all(one["code"] == _DUPLICATE_KEY for one in refused)


def translated(error: PyMongoError) -> StoreError:
    """What an error of the driver means to us."""
    busy = isinstance(error, OperationFailure) and (
        error.code in _NOT_NOW
        or error.has_error_label("RetryableWriteError")
        or bool((error.details or {}).get("writeConcernErrors"))
    )
    if error.timeout or busy or isinstance(error, ConnectionFailure):
        return StoreUnavailable(STORE, _first_line(error))
    return StoreError(f"{STORE} refused: {_first_line(error)}")


def _first_line(error: PyMongoError) -> str:
    """Without the driver's page of topology, and without the key of a duplicate: it holds a viewer's id."""
    said = str(error).splitlines() or [type(error).__name__]
    return said[0].split(", Timeout:")[0].split(" dup key:")[0][:300]
