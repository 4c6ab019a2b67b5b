import pytest
from tests.contracts.job_store import JobStoreContract
from tests.stores.mongo.conftest import Prepared

from reels.core.ports import JobStore
from reels.stores.mongo.indexes import JOBS
from reels.stores.mongo.jobs import MongoJobs


class TestMongoJobs(JobStoreContract):
    @pytest.fixture
    async def store(self, prepared: Prepared) -> JobStore:
        return MongoJobs(await prepared(JOBS))
