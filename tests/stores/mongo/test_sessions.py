import pytest
from tests.conftest import Database
from tests.contracts.session_store import SessionStoreContract

from reels.core.ports import SessionStore
from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.indexes import REVOCATIONS, SESSIONS, ensure_index, indexes
from reels.stores.mongo.sessions import MongoSessions


class TestMongoSessions(SessionStoreContract):
    @pytest.fixture
    async def store(self, every_mongo: Database) -> SessionStore:
        mongo = Mongo(every_mongo, timeout_sec=20)
        for index in indexes(feeds_kept_days=30):
            # Without the indexes that expire: to the server's own clock the times of these tests are long past.
            if index.collection in (SESSIONS, REVOCATIONS) and index.expire_sec is None:
                await ensure_index(mongo, index)
        return MongoSessions(mongo)
