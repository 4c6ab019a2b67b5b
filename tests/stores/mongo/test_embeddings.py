import pytest
from tests.contracts.embedding_store import EmbeddingStoreContract
from tests.stores.mongo.conftest import Prepared

from reels.core.ports import EmbeddingStore
from reels.stores.mongo.embeddings import MongoEmbeddings
from reels.stores.mongo.indexes import EMBEDDINGS


class TestMongoEmbeddings(EmbeddingStoreContract):
    @pytest.fixture
    async def store(self, prepared: Prepared) -> EmbeddingStore:
        return MongoEmbeddings(await prepared(EMBEDDINGS))
