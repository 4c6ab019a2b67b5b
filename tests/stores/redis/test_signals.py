import pytest
from redis.asyncio import Redis as Client
from tests.contracts.signal_store import SignalStoreContract

from reels.core.ports import SignalStore, ViewerStore
from reels.stores.redis.connect import Redis
from reels.stores.redis.signals import RedisSignals
from reels.stores.redis.viewers import RedisViewers


class TestRedisSignals(SignalStoreContract):
    @pytest.fixture
    async def store(self, every_redis: Client) -> SignalStore:
        return RedisSignals(Redis(every_redis))

    @pytest.fixture
    async def viewers(self, every_redis: Client) -> ViewerStore:
        return RedisViewers(Redis(every_redis))
