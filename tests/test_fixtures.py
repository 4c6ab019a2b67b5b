"""The fixtures that every other test stands on."""

import pytest
from redis.asyncio import Redis
from tests.conftest import Database
from tests.waiting import eventually, eventually_async

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("_again", [1, 2])
async def test_every_test_gets_an_empty_database(mongo: Database, _again: int) -> None:
    assert await mongo.list_collection_names() == []
    await mongo.things.insert_one({"_id": 1})


@pytest.mark.parametrize("_again", [1, 2])
async def test_every_test_gets_an_empty_redis(redis: Redis, _again: int) -> None:
    assert await redis.dbsize() == 0
    await redis.set("here", 1)


async def test_every_mongo_takes_a_duplicate_id_once(every_mongo: Database) -> None:
    for _ in range(2):
        await every_mongo.things.update_one({"_id": 1}, {"$setOnInsert": {"n": 1}}, upsert=True)
    assert await every_mongo.things.find().to_list() == [{"_id": 1, "n": 1}]


async def test_every_redis_sets_a_key_once(every_redis: Redis) -> None:
    assert await every_redis.set("here", 1, nx=True, ex=60)
    assert not await every_redis.set("here", 2, nx=True)


async def test_waiting_ends_with_the_condition_or_says_which_one_it_was() -> None:
    answers = iter([0, 0, 7])
    assert eventually(lambda: next(answers)) == 7

    async def never() -> bool:
        return False

    with pytest.raises(AssertionError, match=r"not within 0\.05 s, last False: (.|\n)*def never"):
        await eventually_async(never, timeout=0.05)
