from collections.abc import Iterator

import pytest
import structlog
from tests.security.attacked import Attacked, attacked


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fuzz", "how long the fuzzing of tests/fuzz takes: see `make fuzz`")
    group.addoption("--fuzz-times", type=int, default=1, help="so many times the cases of an ordinary run")
    group.addoption("--fuzz-seed", type=int, default=None, help="other cases; left out: the same ones every time")


@pytest.fixture(scope="session")
def times(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.getoption("fuzz_times", 1))


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int | None:
    given: int | None = pytestconfig.getoption("fuzz_seed", None)
    return given


@pytest.fixture(scope="session")
def target(mongo_url: str, redis_url: str) -> Iterator[Attacked]:
    """One application for all tests of this folder in this process."""
    with attacked(mongo_url, redis_url) as running:
        yield running


@pytest.fixture
def quiet() -> Iterator[None]:
    """No log lines but of what nobody expected: tens of thousands would be kept otherwise."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    yield
    structlog.configure(**before)
