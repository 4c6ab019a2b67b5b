import pytest
from tests.contracts.examples import NOW, reel
from tests.contracts.reel_store import ReelStoreContract
from tests.stores.mongo.conftest import Prepared

from reels.core.ports import ReelStore, UpsertCounts
from reels.stores.mongo.indexes import REELS
from reels.stores.mongo.reels import MongoReels


class TestMongoReels(ReelStoreContract):
    @pytest.fixture
    async def store(self, prepared: Prepared) -> ReelStore:
        return MongoReels(await prepared(REELS))


@pytest.mark.anyio
async def test_more_than_one_batch(prepared_mongod: Prepared) -> None:
    store = MongoReels(await prepared_mongod(REELS))
    many = [reel(f"r{i}") for i in range(2500)]
    assert await store.upsert(many, NOW) == UpsertCounts(new=2500)
    assert await store.upsert(many, NOW) == UpsertCounts(unchanged=2500)
    assert len(await store.get([one.reel_id for one in many])) == 2500
    changes = await store.changed_since(0, 5000)
    assert len({stamp for _, stamp in changes}) == 2500
