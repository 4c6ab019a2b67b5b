from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.api.serving import Served, serving
from tests.conftest import Database


@pytest.fixture
async def served(mongo: Database, redis: Any, redis_url: str) -> AsyncIterator[Served]:
    """The HTTP application on empty stores with a small catalogue."""
    async with serving(mongo, redis_url) as made:
        yield made
