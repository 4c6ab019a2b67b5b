"""Signals all API workers share, and the policy in force."""

from collections.abc import Sequence

from reels.stores.redis import key_names
from reels.stores.redis.connect import Redis
from reels.stores.redis.scripts import RAISE_VERSION


class RedisSignals:
    """`SignalStore` in Redis."""

    def __init__(self, redis: Redis, kept_sec: int = 86_400) -> None:
        """`kept_sec`: life of signals nobody refreshes any more."""
        self._redis = redis
        self._kept_sec = kept_sec

    async def put_signals(self, name: str, packed: bytes) -> None:
        with self._redis.answering() as client:
            await client.set(key_names.signals(name), packed, ex=self._kept_sec)

    async def get_signals(self, names: Sequence[str]) -> dict[str, bytes]:
        if not names:
            return {}
        with self._redis.answering() as client:
            asked = client.pipeline(transaction=False)  # not MGET: in a cluster they live apart
            for name in names:
                asked.get(key_names.signals(name))
            answers = await asked.execute()
        return {name: packed for name, packed in zip(names, answers, strict=True) if packed is not None}

    async def set_policy_version(self, version: int) -> None:
        """Never goes back: of two administrators at once the later version stays."""
        with self._redis.answering() as client:
            await client.eval(RAISE_VERSION, 1, key_names.POLICY_VERSION, version)

    async def ping(self) -> None:
        with self._redis.answering() as client:
            await client.ping()
