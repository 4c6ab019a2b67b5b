import pytest
from tests.contracts.feed_store import FeedStoreContract
from tests.stores.mongo.conftest import Prepared

from reels.core.ports import FeedStore
from reels.stores.mongo.feeds import MongoFeeds
from reels.stores.mongo.indexes import FEEDS


class TestMongoFeeds(FeedStoreContract):
    @pytest.fixture
    async def store(self, prepared: Prepared) -> FeedStore:
        return MongoFeeds(await prepared(FEEDS))
