import pytest
from tests.contracts.policy_store import PolicyStoreContract
from tests.stores.mongo.conftest import Prepared

from reels.core.ports import PolicyStore
from reels.stores.mongo.indexes import POLICIES
from reels.stores.mongo.policies import MongoPolicies


class TestMongoPolicies(PolicyStoreContract):
    @pytest.fixture
    async def store(self, prepared: Prepared) -> PolicyStore:
        return MongoPolicies(await prepared(POLICIES))
