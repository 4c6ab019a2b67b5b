"""What `reels doctor` wants to know of a Redis or Valkey, asked without changing anything."""

from collections.abc import Callable
from dataclasses import dataclass

from reels.stores.redis.connect import Redis


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """One server at one moment."""

    version: str
    clock_ahead: float
    """Its time less ours, s."""
    used_bytes: int
    limit_bytes: int
    """0 = no limit."""
    policy: str
    """What it does when the limit is reached."""


async def inspect(redis: Redis, clock: Callable[[], float]) -> RedisFacts:
    """Ask for all of it. StoreUnavailable when it does not answer, StoreError when it refuses."""
    with redis.answering() as client:
        info = await client.info()
        seconds, microseconds = await client.time()
        ahead = seconds + microseconds / 1e6 - clock()
    return RedisFacts(
        version=str(info.get("valkey_version") or info["redis_version"]),
        clock_ahead=ahead,
        used_bytes=int(info["used_memory"]),
        limit_bytes=int(info["maxmemory"]),
        policy=str(info["maxmemory_policy"]),
    )
