"""Real stores for every test: one private MongoDB and one private Valkey a test process.

Async tests say `pytestmark = pytest.mark.anyio`.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis

from reels.core.errors import ConfigError
from reels.stores import local

Database = AsyncDatabase[dict[str, Any]]

_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def stores() -> Iterator[local.LocalStores]:
    """A mongod and a Valkey shared by the tests of this process: who stops one, starts it again."""
    mongo = local.MongoOptions(kind="mongod", cache_gb=0.25)
    valkey = local.ValkeyOptions(search_path="")  # the wheel's: `redis_server_url` is the one on PATH
    with _short_path() as directory, local.start(directory, mongo=mongo, valkey=valkey) as started:
        yield started


@pytest.fixture(scope="session")
def mongo_url(stores: local.LocalStores) -> str:
    return stores.mongo_url


@pytest.fixture(scope="session")
def redis_url(stores: local.LocalStores) -> str:
    return stores.redis_url


@pytest.fixture
async def mongo(anyio_backend: str, mongo_url: str) -> AsyncIterator[Database]:
    """An empty database on the real mongod."""
    async with _empty_database(mongo_url) as database:
        yield database


@pytest.fixture
async def redis(anyio_backend: str, redis_url: str) -> AsyncIterator[Redis]:
    """A client of the real, empty Valkey."""
    async with _empty_redis(redis_url) as client:
        yield client


@pytest.fixture(scope="session")
def secantusdb_url() -> Iterator[str]:
    """The other server of MongoDB's protocol that the demo may meet."""
    options = local.MongoOptions(kind="secantusdb", cache_gb=0.25)
    with _short_path() as directory:
        try:
            started = local.start(directory, mongo=options, valkey=None)
        except ConfigError as error:
            pytest.skip(str(error))
        with started:
            yield started.mongo_url


@pytest.fixture(scope="session")
def redis_server_url() -> Iterator[str]:
    """Debian's Redis 7, the other server of Redis' protocol."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not on PATH: apt install redis-server")
    options = local.ValkeyOptions(binary=Path(program))
    with _short_path() as directory, local.start(directory, mongo=None, valkey=options) as started:
        yield started.redis_url


@pytest.fixture(params=["mongod", "secantusdb"])
async def every_mongo(anyio_backend: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """An empty database, once on mongod and once on SecantusDB."""
    url = request.getfixturevalue({"mongod": "mongo_url", "secantusdb": "secantusdb_url"}[request.param])
    async with _empty_database(url) as database:
        yield database


@pytest.fixture(params=["valkey", "redis-server"])
async def every_redis(anyio_backend: str, request: pytest.FixtureRequest) -> AsyncIterator[Redis]:
    """A client of an empty server, once Valkey and once Debian's Redis."""
    url = request.getfixturevalue({"valkey": "redis_url", "redis-server": "redis_server_url"}[request.param])
    async with _empty_redis(url) as client:
        yield client


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real logs (KuaiRand, MicroLens, YouTube); REELS_SHARED_DATA says where, if not beside us."""
    directory = Path(os.environ.get("REELS_SHARED_DATA", _SHARED_DATA))
    if not directory.is_dir():
        pytest.skip("needs ../shared/data, see its README")
    return directory


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty directory for stores of the test's own, removed at the end (a mongod fills 300 MB)."""
    with _short_path() as directory:
        yield directory


@contextmanager
def _short_path() -> Iterator[Path]:
    """Not pytest's `tmp_path`: too long for a Unix socket, and kept for three runs."""
    with tempfile.TemporaryDirectory(prefix="reels-") as directory:
        yield Path(directory)


@asynccontextmanager
async def _empty_database(url: str) -> AsyncIterator[Database]:
    async with AsyncMongoClient[dict[str, Any]](url, tz_aware=True) as client:
        name = f"test_{uuid4().hex}"
        yield client[name]
        await client.drop_database(name)


@asynccontextmanager
async def _empty_redis(url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(url) as client:
        await client.flushall()
        yield client
        await client.flushall()
