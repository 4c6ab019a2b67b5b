"""The connection to Redis or Valkey, its timeouts, and the one place where its errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis as Client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig

from reels.core.errors import StoreError, StoreUnavailable
from reels.stores.breaker import Breaker

STORE = "redis"
"""Its name in StoreUnavailable and in `degraded`."""


@dataclass(frozen=True, slots=True)
class RedisTimeouts:
    """How long anybody waits for Redis. Everything in it can be had elsewhere, so not long."""

    connect_sec: float = 0.25
    answer_sec: float = 0.25
    connections: int = 64
    """Most at a time, a process; further callers wait `answer_sec` for a free one."""


class Redis:
    """One server, and whether it has answered lately."""

    def __init__(self, client: Client, breaker: Breaker | None = None) -> None:
        self.client = client
        self._breaker = breaker or Breaker()

    @contextmanager
    def answering(self) -> Iterator[Client]:
        """Everything said to Redis is said in here.

        Raises StoreUnavailable when it does not answer, and for a second after that without asking; StoreError when
        it refuses.
        """
        if self._breaker.refuses():
            raise StoreUnavailable(STORE, "it did not a moment ago", retry_after_sec=1)
        try:
            yield self.client
        except (RedisError, OSError) as error:
            if isinstance(error, RedisConnectionError | RedisTimeoutError | OSError):
                self._breaker.failed()
            raise translated(error) from error
        self._breaker.succeeded()

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose(close_connection_pool=True)


def connect(url: str, timeouts: RedisTimeouts | None = None, breaker: Breaker | None = None) -> Redis:
    """A client for this event loop, for `redis://`, `rediss://` and `unix://` addresses; nothing is sent yet.

    A lost connection is made anew and the command sent again, once and at once: all our commands may be carried out
    twice. A timeout is not retried, that would double what a dead server costs.
    """
    timeouts = timeouts or RedisTimeouts()
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=timeouts.connections,
        timeout=timeouts.answer_sec,
        socket_connect_timeout=timeouts.connect_sec,
        socket_timeout=timeouts.answer_sec,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        decode_responses=False,
        protocol=2,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis(Client.from_pool(pool), breaker)


def translated(error: RedisError | OSError) -> StoreError:
    """What an error of the driver means to us."""
    said = str(error)[:300] or type(error).__name__
    away = RedisConnectionError | RedisTimeoutError | OutOfMemoryError | ReadOnlyError | OSError
    if isinstance(error, away) or said.startswith(("MISCONF", "OOM", "LOADING", "READONLY", "CLUSTERDOWN", "TRYAGAIN")):
        return StoreUnavailable(STORE, said, retry_after_sec=1)
    return StoreError(f"{STORE} refused: {said}")
