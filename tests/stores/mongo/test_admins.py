import pytest
from tests.contracts.admin_store import AdminStoreContract
from tests.stores.mongo.conftest import Prepared

from reels.core.ports import AdminStore
from reels.stores.mongo.admins import MongoAdmins
from reels.stores.mongo.indexes import ADMINS


class TestMongoAdmins(AdminStoreContract):
    @pytest.fixture
    async def store(self, prepared: Prepared) -> AdminStore:
        return MongoAdmins(await prepared(ADMINS))
