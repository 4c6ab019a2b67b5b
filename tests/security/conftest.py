from collections.abc import Iterator

import pytest
from tests.security.attacked import Attacked, attacked


@pytest.fixture(scope="session")
def target(mongo_url: str, redis_url: str) -> Iterator[Attacked]:
    """One application for all tests of this folder in this process: they leave only more data behind."""
    with attacked(mongo_url, redis_url) as running:
        yield running
