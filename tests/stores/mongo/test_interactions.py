from typing import Any

import pytest
from tests.contracts.examples import NOW, event
from tests.contracts.interaction_store import InteractionStoreContract
from tests.stores.mongo.conftest import Prepared

from reels.core.ports import InteractionStore
from reels.stores.mongo.event_documents import COLUMNS
from reels.stores.mongo.indexes import INTERACTIONS
from reels.stores.mongo.interactions import MongoInteractions


class TestMongoInteractions(InteractionStoreContract):
    @pytest.fixture
    async def store(self, prepared: Prepared) -> InteractionStore:
        return MongoInteractions(await prepared(INTERACTIONS))


@pytest.mark.anyio
async def test_indexes_of_a_batch_larger_than_one_command(prepared_mongod: Prepared) -> None:
    store = MongoInteractions(await prepared_mongod(INTERACTIONS))
    await store.insert([event("u", "7"), event("u", "11999")], NOW)
    outcome = await store.insert([event("u", str(i)) for i in range(12_000)], NOW)
    assert outcome.duplicates == (7, 11_999)
    assert len(outcome.stored) == 11_998
    assert [len(some.user_id) async for some in store.stream(batch=5000)] == [5000, 5000, 2000]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("query", "projection", "index"),
    [
        ({}, COLUMNS, "timeline"),
        ({"received_at": {"$gte": 1, "$lt": 2}}, {"_id": 0, "reel_id": 1, "region": 1, "kind": 1}, "recent"),
        ({"kind": "impression", "reel_id": {"$in": ["r1"]}}, {"_id": 0, "reel_id": 1, "kind": 1}, "impressions"),
    ],
)
async def test_what_reads_very_many_reads_no_document(
    prepared_mongod: Prepared, query: dict[str, Any], projection: dict[str, Any], index: str
) -> None:
    mongo = await prepared_mongod(INTERACTIONS)
    await MongoInteractions(mongo).insert([event("u", str(i)) for i in range(20)], NOW)
    plan = await mongo.collection(INTERACTIONS).find(query, projection, hint=index).explain()
    assert plan["executionStats"]["totalDocsExamined"] == 0
    assert f"'indexName': '{index}'" in str(plan["queryPlanner"]["winningPlan"])
