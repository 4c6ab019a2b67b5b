import pytest
from redis.asyncio import Redis as Client
from tests.contracts.bucket_store import BucketStoreContract

from reels.core.errors import StoreUnavailable
from reels.core.ports import BucketStore
from reels.core.types import Quota
from reels.stores.redis import connect
from reels.stores.redis.buckets import RedisBuckets
from reels.stores.redis.connect import Redis

pytestmark = pytest.mark.anyio


class TestRedisBuckets(BucketStoreContract):
    @pytest.fixture
    async def store(self, every_redis: Client) -> BucketStore:
        return RedisBuckets(Redis(every_redis, timeout_sec=20))


async def test_a_bucket_is_one_key_that_ends_by_itself(redis: Client) -> None:
    await RedisBuckets(Redis(redis, timeout_sec=20)).take("{ana}:feed", Quota(5, 3600), 1)
    assert await redis.keys() == [b"limits:v1:gcra:{ana}:feed"]
    assert 0 < await redis.ttl("limits:v1:gcra:{ana}:feed") <= 720


async def test_a_server_that_is_away_is_said_to_be() -> None:
    away = connect.connect("redis://127.0.0.1:1/0")
    with pytest.raises(StoreUnavailable):
        await RedisBuckets(away).take("ana", Quota(5, 60), 1)
    await away.close()
