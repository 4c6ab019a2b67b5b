"""MongoDB with the indexes of the collection under test."""

from collections.abc import Awaitable, Callable

import pytest
from tests.conftest import Database

from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.indexes import ensure_index, indexes

Prepared = Callable[[str], Awaitable[Mongo]]


@pytest.fixture
def prepared(every_mongo: Database) -> Prepared:
    """`await prepared("reels")`: an empty database with that collection's indexes, on each kind of server."""

    async def prepare(collection: str) -> Mongo:
        return await _with_indexes(every_mongo, collection)

    return prepare


@pytest.fixture
def prepared_mongod(mongo: Database) -> Prepared:
    """As `prepared`, on mongod alone: for large batches (SecantusDB takes half a minute to drop 2,500 documents)."""

    async def prepare(collection: str) -> Mongo:
        return await _with_indexes(mongo, collection)

    return prepare


async def _with_indexes(database: Database, collection: str) -> Mongo:
    mongo = Mongo(database, timeout_sec=20)
    for index in indexes(feeds_kept_days=30):
        if index.collection == collection:
            await ensure_index(mongo, index)
    return mongo
