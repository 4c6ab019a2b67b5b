import pytest
from tests.contracts.user_store import UserStoreContract
from tests.stores.mongo.conftest import Prepared

from reels.core.ports import UserStore
from reels.stores.mongo.indexes import USERS
from reels.stores.mongo.users import MongoUsers


class TestMongoUsers(UserStoreContract):
    @pytest.fixture
    async def store(self, prepared: Prepared) -> UserStore:
        return MongoUsers(await prepared(USERS))
