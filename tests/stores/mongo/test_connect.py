"""MongoDB that hangs, dies and comes back. The server is the test process' own."""

import asyncio
import gc
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest
from tests.contracts.examples import NOW, event, reel, served_feed
from tests.waiting import eventually_async

from reels.core.errors import StoreError, StoreUnavailable
from reels.core.policy import Policy
from reels.core.ports import InsertOutcome
from reels.core.types import JobRun, User
from reels.stores.breaker import Breaker
from reels.stores.local import LocalStores
from reels.stores.mongo.audit import MongoAudit
from reels.stores.mongo.connect import Mongo, connect
from reels.stores.mongo.embeddings import MongoEmbeddings
from reels.stores.mongo.feeds import MongoFeeds
from reels.stores.mongo.interactions import MongoInteractions
from reels.stores.mongo.jobs import MongoJobs
from reels.stores.mongo.policies import MongoPolicies
from reels.stores.mongo.reels import MongoReels
from reels.stores.mongo.users import MongoUsers

pytestmark = pytest.mark.anyio

NEVER_RESTS = 0.0


@pytest.fixture
async def mongo(stores: LocalStores) -> AsyncIterator[Mongo]:
    """A client with the timeouts of production; afterwards the server is well again."""
    connected = connect(stores.mongo_url, f"test_{uuid4().hex}")
    await connected.ping()
    yield connected
    stores.mongod.resume()
    stores.mongod.start()
    await eventually_async(lambda: _answers(connected))
    await connected.database.client.drop_database(connected.database.name)
    await connected.close()
    await _forget_half_open_sockets()


async def _forget_half_open_sockets() -> None:
    """pymongo 4.20 leaves a monitor's socket to the collector when its client is closed while it connects.

    It is collected here, or the ResourceWarning would fail whichever test runs at that time.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for _ in range(3):
            await asyncio.sleep(0)
            gc.collect()


async def _answers(mongo: Mongo) -> bool:
    try:
        await mongo.ping()
    except StoreUnavailable:
        return False
    return True


async def _again(insert: Callable[[], Awaitable[InsertOutcome]]) -> InsertOutcome | None:
    try:
        return await insert()
    except StoreUnavailable:
        return None


async def test_a_hanging_server_is_unavailable_after_its_timeout_and_then_at_once(
    mongo: Mongo, stores: LocalStores
) -> None:
    stores.mongod.pause()
    users = MongoUsers(mongo)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as raised:
        await users.get("ana")
    assert time.monotonic() - began < 4
    assert raised.value.store == "mongo"
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="a moment ago"):
        await users.get("ana")
    assert time.monotonic() - began < 0.2


async def test_every_store_says_so_when_the_server_is_gone(mongo: Mongo, stores: LocalStores) -> None:
    stores.mongod.kill()
    gone = Mongo(mongo.database, timeout_sec=0.3, breaker=Breaker(NEVER_RESTS))
    interactions, reels, policies = MongoInteractions(gone), MongoReels(gone), MongoPolicies(gone)
    calls: list[Awaitable[object]] = [
        *(interactions.insert([event("u", "e")], NOW), interactions.newest_of("u", 1), interactions.impressions(["r"])),
        *(anext(interactions.stream()), interactions.count_recent(0, 1), interactions.mark_reacted({"u": ["e"]})),
        *(reels.upsert([reel("r")], NOW), reels.get(["r"]), anext(reels.stream()), reels.touch(["r"], NOW)),
        *(MongoEmbeddings(gone).get("s", ["r"]), anext(MongoEmbeddings(gone).stream("s")), gone.ping()),
        *(MongoUsers(gone).create(User("u", NOW)), MongoUsers(gone).reset("u", NOW), MongoFeeds(gone).get("f")),
        *(MongoFeeds(gone).record([served_feed("f")]), policies.add(Policy(), NOW, "ana"), policies.current()),
        *(MongoJobs(gone).save(JobRun("j", "j", NOW)), MongoJobs(gone).take_request(NOW)),
        MongoAudit(gone).recent(1),
    ]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [one for one in outcomes if not isinstance(one, StoreUnavailable)] == []


async def test_a_batch_sent_to_a_hanging_server_is_whole_after_a_retry(mongo: Mongo, stores: LocalStores) -> None:
    """The server may carry it out when it wakes, after the caller has given up: the retry finds duplicates."""
    interactions = MongoInteractions(mongo)
    batch = [event("u", str(i)) for i in range(400)]
    stores.mongod.pause()
    with pytest.raises(StoreUnavailable):
        await interactions.insert(batch, NOW)
    stores.mongod.resume()
    outcome = await eventually_async(lambda: _again(lambda: interactions.insert(batch, NOW)))
    assert outcome is not None
    assert len(outcome.stored) + len(outcome.duplicates) == 400
    assert sorted(int(one.event_id) for one in await interactions.newest_of("u", 1000)) == list(range(400))


@pytest.mark.slow
async def test_kill_9_under_writers_loses_nothing_acknowledged(mongo: Mongo, stores: LocalStores) -> None:
    interactions = MongoInteractions(mongo)
    acknowledged: list[str] = []
    enough = asyncio.Event()

    async def write(user: str) -> None:
        for number in range(10_000):
            batch = [event(user, f"{number}-{i}") for i in range(10)]
            try:
                await interactions.insert(batch, NOW)
            except StoreUnavailable:
                return
            acknowledged.extend(f"{user}:{one.event_id}" for one in batch)
            if len(acknowledged) > 1500:
                enough.set()

    writers = asyncio.gather(*(write(f"u{i}") for i in range(8)))
    await enough.wait()
    stores.mongod.kill()
    await writers
    stores.mongod.start()
    await eventually_async(lambda: _answers(mongo))
    kept = [f"u{i}:{one.event_id}" for i in range(8) for one in await interactions.newest_of(f"u{i}", 100_000)]
    assert set(acknowledged) - set(kept) == set()
    assert len(kept) == len(set(kept))


async def test_the_same_client_goes_on_after_a_restart(mongo: Mongo, stores: LocalStores) -> None:
    users = MongoUsers(mongo)
    await users.create(User("ana", NOW))
    stores.mongod.kill()
    with pytest.raises(StoreUnavailable):
        await users.get("ana")
    stores.mongod.start()
    await eventually_async(lambda: _answers(mongo))
    assert await users.get("ana") == User("ana", NOW)


async def test_nobody_there_is_unavailable(mongo: Mongo) -> None:
    nowhere = connect("mongodb://127.0.0.1:9/?replicaSet=reels", "none", timeout_sec=0.2)
    with pytest.raises(StoreUnavailable, match="mongo does not answer"):
        await nowhere.ping()
    await nowhere.close()


async def test_what_the_server_refuses_is_not_an_outage(mongo: Mongo) -> None:
    with pytest.raises(StoreError, match="refused") as raised, mongo.answering():
        await mongo.database.command("nonsense")
    assert not isinstance(raised.value, StoreUnavailable)
    await mongo.ping()


async def test_a_slow_query_is_given_up_and_the_store_goes_on(mongo: Mongo) -> None:
    await mongo.database.things.insert_one({"_id": 1})
    with pytest.raises(StoreUnavailable), mongo.answering(timeout_sec=0.2):
        await mongo.database.things.find_one({"$where": "sleep(2000) || true"})
    await eventually_async(lambda: _answers(mongo))
