"""Token buckets, by the generic cell rate algorithm (GCRA): one number a bucket, one script a question.

The script is throttled-py's, and so is its arithmetic; here it runs on our connection, under our deadline and breaker.
"""

from datetime import timedelta
from typing import Any

from throttled.asyncio import RateLimiterRegistry, RedisStore, RedisStoreBackend, per_duration
from throttled.asyncio.rate_limiter import BaseRateLimiter
from throttled.constants import RateLimiterType

from reels.core.types import Quota, Standing
from reels.stores.redis.connect import Redis
from reels.stores.redis.key_names import LIMITS


class _OurBackend(RedisStoreBackend):
    """The library's backend, on a client that is open already. Redis' errors pass: `Redis.answering` reads them."""

    base_exceptions = ()

    def __init__(self, client: Any) -> None:
        super().__init__()
        self._client = client


class _OurStore(RedisStore):
    def __init__(self, client: Any) -> None:
        self._backend = _OurBackend(client)


class RedisBuckets:
    """`BucketStore` in Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._store = _OurStore(redis.client)
        self._limiters: dict[Quota, BaseRateLimiter] = {}

    async def take(self, key: str, quota: Quota, cost: int) -> Standing:
        limiter = self._limiters.get(quota) or self._made(quota)
        with self._redis.answering():
            result = await limiter.limit(key, cost)
        state = result.state
        return Standing(result.limited, state.remaining, state.reset_after, state.retry_after)

    def _made(self, quota: Quota) -> BaseRateLimiter:
        kind = RateLimiterRegistry.get(RateLimiterType.GCRA.value)
        rate = per_duration(timedelta(seconds=quota.window_sec), quota.requests)
        made = self._limiters[quota] = kind(rate, self._store, key_prefix=LIMITS)
        return made
