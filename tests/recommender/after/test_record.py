"""Served pages reach MongoDB, wait while it is away, and are dropped with a count when too many wait."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.conftest import Database
from tests.contracts.after_work import AfterWorkContract, done
from tests.waiting import eventually_async

from reels.core.errors import StoreUnavailable
from reels.core.types import ServedFeed
from reels.recommender.after.record import Record
from reels.recommender.stages import AfterWork
from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.feeds import MongoFeeds

pytestmark = pytest.mark.anyio


async def written(record: Record) -> bool:
    return not record.waiting


class SometimesAway(MongoFeeds):
    """Real MongoDB with a plug to pull."""

    away = False

    async def record(self, feeds: Sequence[ServedFeed]) -> None:
        if self.away:
            raise StoreUnavailable("mongo", "unplugged")
        await super().record(feeds)


@pytest.fixture
def feeds(mongo: Database) -> SometimesAway:
    return SometimesAway(Mongo(mongo))


class TestRecord(AfterWorkContract):
    @pytest.fixture
    def work(self, feeds: SometimesAway) -> AfterWork:
        feeds.away = True  # queueing waits for nobody
        return Record(feeds)


async def test_pages_are_written_in_the_background(feeds: SometimesAway) -> None:
    record = Record(feeds)
    writer = asyncio.create_task(record.write_for_ever())
    for number in range(120):
        await record.run(done(number))
    await eventually_async(lambda: written(record))
    writer.cancel()
    assert await feeds.count() == 120
    kept = await feeds.get(f"{7:032x}")
    assert kept is not None
    assert kept.page == done(7).page
    assert len(kept.inputs) > 0


async def test_pages_wait_while_mongodb_is_away_and_the_oldest_go_when_too_many(feeds: SometimesAway) -> None:
    record = Record(feeds, limit=10, retry_sec=0.01)
    feeds.away = True
    writer = asyncio.create_task(record.write_for_ever())
    for number in range(25):
        await record.run(done(number))
        await asyncio.sleep(0)
    assert (record.waiting, record.dropped) == (10, 15)
    with pytest.raises(StoreUnavailable):
        await record.flush()
    assert record.waiting == 10
    feeds.away = False
    await eventually_async(lambda: written(record))
    writer.cancel()
    assert await feeds.count() == 10
    assert await feeds.get(f"{24:032x}") is not None
    assert await feeds.get(f"{14:032x}") is None
