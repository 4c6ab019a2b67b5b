import pytest
from tests.contracts.audit_store import AuditStoreContract
from tests.stores.mongo.conftest import Prepared

from reels.core.ports import AuditStore
from reels.stores.mongo.audit import MongoAudit
from reels.stores.mongo.indexes import AUDIT


class TestMongoAudit(AuditStoreContract):
    @pytest.fixture
    async def store(self, prepared: Prepared) -> AuditStore:
        return MongoAudit(await prepared(AUDIT))
