"""The fake API in memory, and a client of it, for every test."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from fake_api import FakeApi, create_app  # noqa: E402

from reels_app.api_client import ApiClient  # noqa: E402
from reels_app.storage import MemoryStore  # noqa: E402


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def api() -> FakeApi:
    return FakeApi([])


@pytest.fixture
async def http(api: FakeApi) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(api))) as client:
        yield client


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def client(http: httpx.AsyncClient, store: MemoryStore) -> ApiClient:
    return ApiClient(http, store, "http://api", "http://public:8000")
