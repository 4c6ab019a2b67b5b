"""The connection to Redis or Valkey, its timeouts, and the one place where its errors become ours."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis as Client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig

from reels.core.errors import StoreError, StoreUnavailable
from reels.stores.breaker import Breaker
from reels.stores.redis.deadline import Deadline
from reels.stores.redis.line import Command, Line
from reels.stores.watching import Watch, unwatched

STORE = "redis"
"""Its name in StoreUnavailable and in `degraded`."""

TIMEOUT_SEC = 0.25
"""Everything in Redis can be had elsewhere, so nobody waits long."""

_AWAY = (RedisConnectionError, RedisTimeoutError, OSError)  # TimeoutError is an OSError
_NOT_NOW = ("OOM ", "MISCONF ", "LOADING ", "READONLY ", "CLUSTERDOWN ", "TRYAGAIN ", "command not allowed when used")


class Redis:
    """One server, how long anybody waits for it, and whether it has answered lately."""

    def __init__(
        self,
        client: Client,
        timeout_sec: float = TIMEOUT_SEC,
        breaker: Breaker | None = None,
        watch: Watch = unwatched,
        ticks: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.client = client
        self._timeout_sec = timeout_sec
        self._breaker = breaker or Breaker()
        self._watch, self._ticks = watch, ticks
        self._line = Line(cast(BlockingConnectionPool, client.connection_pool))

    @property
    def away(self) -> bool:
        """Whether it did not answer when last asked."""
        return self._breaker.open

    @contextmanager
    def answering(self) -> Iterator[Client]:
        """Everything said to Redis is said in here, within `timeout_sec` in all, connecting included.

        Raises StoreUnavailable when it does not answer, and for a second after that without asking; StoreError when
        it refuses.
        """
        if self._breaker.refuses():
            self._watch(STORE, "spared", 0.0)
            raise StoreUnavailable(STORE, "it did not a moment ago", retry_after_sec=1)
        began = self._ticks()
        try:
            with Deadline(self._timeout_sec):
                yield self.client
        except (RedisError, OSError) as error:
            if isinstance(error, _AWAY):
                self._breaker.failed()
            ours = translated(error)
            self._watch(STORE, "away" if isinstance(ours, StoreUnavailable) else "refused", self._ticks() - began)
            raise ours from error
        self._breaker.succeeded()
        self._watch(STORE, "answered", self._ticks() - began)

    async def ask(self, *commands: Command) -> list[Any]:
        """The answers to these commands, sent at once over the one connection all callers share. As `answering`."""
        with self.answering():
            return await self._line.ask(*commands)

    async def close(self) -> None:
        """Close all connections."""
        self._line.close()
        await self.client.aclose(close_connection_pool=True)


def connect(
    url: str,
    timeout_sec: float = TIMEOUT_SEC,
    connections: int = 64,
    breaker: Breaker | None = None,
    watch: Watch = unwatched,
) -> Redis:
    """A client for this event loop, for `redis://`, `rediss://` and `unix://` addresses; nothing is sent yet.

    `connections`: most at a time; further callers wait for a free one. A lost connection is made anew and the command
    sent again, once and at once: all our commands may be carried out twice. A timeout is not retried, that would
    double what a dead server costs.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        # `Deadline` bounds everything; theirs would start a task a command, and blame the server for our own delay.
        timeout=None,
        socket_connect_timeout=None,
        socket_timeout=None,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        decode_responses=False,
        protocol=2,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis(Client.from_pool(pool), timeout_sec, breaker, watch)


def translated(error: RedisError | OSError) -> StoreError:
    """What an error of the driver means to us."""
    said = str(error)[:300] or type(error).__name__
    if isinstance(error, _AWAY) or said.startswith(_NOT_NOW):
        return StoreUnavailable(STORE, said, retry_after_sec=1)
    return StoreError(f"{STORE} refused: {said}")
