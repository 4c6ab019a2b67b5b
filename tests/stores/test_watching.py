"""Each block said to a store is told once, with what became of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from tests.conftest import Database

from reels.core.errors import StoreError, StoreUnavailable
from reels.stores.breaker import Breaker
from reels.stores.local.ports import free_port
from reels.stores.mongo import connect as mongo_connect
from reels.stores.redis import connect as redis_connect
from reels.stores.watching import Outcome

pytestmark = pytest.mark.anyio


@dataclass
class Told:
    calls: list[tuple[str, Outcome]] = field(default_factory=list)

    def __call__(self, store: str, outcome: Outcome, seconds: float) -> None:
        assert (seconds == 0.0) is (outcome == "spared")
        self.calls.append((store, outcome))


@asynccontextmanager
async def redis_at(url: str, told: Told) -> AsyncIterator[redis_connect.Redis]:
    redis = redis_connect.connect(url, breaker=Breaker(rest_sec=60), watch=told)
    yield redis
    await redis.close()


@asynccontextmanager
async def mongo_at(url: str, told: Told) -> AsyncIterator[mongo_connect.Mongo]:
    mongo = mongo_connect.connect(url, "test_watching", 0.5, breaker=Breaker(rest_sec=60), watch=told)
    yield mongo
    await mongo.close()


async def test_redis_answers_or_refuses(redis_url: str) -> None:
    told = Told()
    async with redis_at(redis_url, told) as redis:
        with redis.answering() as client:
            await client.ping()
        with pytest.raises(StoreError, match="refused"), redis.answering() as client:
            await client.execute_command("NONSENSE")  # type: ignore[no-untyped-call]
        assert not redis.away
    assert told.calls == [("redis", "answered"), ("redis", "refused")]


async def test_redis_away_is_told_once_and_then_spared() -> None:
    told = Told()
    async with redis_at(f"redis://127.0.0.1:{free_port()}", told) as redis:
        for _ in range(2):
            with pytest.raises(StoreUnavailable), redis.answering() as client:
                await client.ping()
        assert redis.away
    assert told.calls == [("redis", "away"), ("redis", "spared")]


async def test_mongodb_answers_or_refuses(mongo: Database, mongo_url: str) -> None:
    told = Told()
    async with mongo_at(mongo_url, told) as store:
        await store.ping()
        with pytest.raises(StoreError, match="refused"), store.answering():
            await store.database.command("nonsense")
        assert not store.away
    assert told.calls == [("mongo", "answered"), ("mongo", "refused")]


async def test_mongodb_away_is_told_once_and_then_spared() -> None:
    told = Told()
    async with mongo_at(f"mongodb://127.0.0.1:{free_port()}", told) as store:
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await store.ping()
        assert store.away
    assert told.calls == [("mongo", "away"), ("mongo", "spared")]


async def test_a_refused_duplicate_does_not_tell_whose_it_was(mongo: Database, mongo_url: str) -> None:
    async with mongo_at(mongo_url, Told()) as store:
        some = store.database.client[mongo.name]["some"]
        await some.insert_one({"_id": "u_secret:e1"})
        with pytest.raises(StoreError) as raised, store.answering():
            await some.insert_one({"_id": "u_secret:e1"})
    assert "E11000" in str(raised.value)
    assert "u_secret" not in str(raised.value)
