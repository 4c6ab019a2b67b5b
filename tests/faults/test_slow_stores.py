"""Stores that answer late: through a proxy that keeps everything said to them, and by them, waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from tests.faults.conftest import Suffer
from tests.faults.delaying_proxy import Delay, delaying
from tests.faults.served import Door, Served
from tests.faults.strictness import AT_ONCE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def slowed(served: Served) -> Iterator[tuple[Door, Delay, Delay]]:
    """One more API worker, whose ways to MongoDB and to Valkey can be made slow."""
    mongo, redis = urlsplit(served.stores.mongo_url).port, urlsplit(served.stores.redis_url).port
    assert mongo is not None
    assert redis is not None
    with delaying(mongo) as to_mongo, delaying(redis) as to_redis:
        door = served.add_api(
            # Directly: from the set's own list of members the driver would learn a way past the proxy.
            REELS_MONGO_URL=f"mongodb://127.0.0.1:{to_mongo.port}/?directConnection=true",
            REELS_REDIS_URL=f"redis://127.0.0.1:{to_redis.port}",
        )
        yield door, to_mongo, to_redis
        served.apis.pop().stop()
        served._ports.pop()


@contextmanager
def slow(delay: Delay, seconds: float) -> Iterator[None]:
    """Every word takes so long."""
    delay.seconds = seconds
    try:
        yield
    finally:
        delay.seconds = 0.0


def test_mongodb_is_slow(served: Served, slowed: tuple[Door, Delay, Delay], suffer: Suffer) -> None:
    door, to_mongo, _ = slowed
    fault = slow(to_mongo, 0.1)
    assert suffer("MongoDB answers 0.2 s late", served, fault, door=door).whole_at_once >= AT_ONCE


def test_mongodb_is_slower_than_anybody_waits(
    served: Served, slowed: tuple[Door, Delay, Delay], suffer: Suffer
) -> None:
    door, to_mongo, _ = slowed
    fault = slow(to_mongo, 3.0)
    assert suffer("MongoDB answers 6 s late", served, fault, door=door, lasts_sec=6.0).whole_at_once >= AT_ONCE


def test_valkey_is_slower_than_anybody_waits(served: Served, slowed: tuple[Door, Delay, Delay], suffer: Suffer) -> None:
    door, _, to_redis = slowed
    assert suffer("Valkey answers 1 s late", served, slow(to_redis, 0.5), door=door).whole_at_once >= AT_ONCE
