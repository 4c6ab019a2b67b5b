"""A short run of the coverage-guided fuzzing; `make fuzz` is the long one."""

import importlib.util
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fuzz.guided_run import guided_run
from tests.fuzz.parsers import PARSERS

RUNS = 30_000
FEWER_RUNS = {"catalogue_parquet": 5_000, "events_parquet": 5_000}
"""Opening a file costs a millisecond."""
FEWEST_EDGES = {"cursor_token": 10, "query_string": 15}
"""Fewer mean that the parser's code was not watched, or not reached."""

pytestmark = pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="no atheris for this machine")


@pytest.fixture
def directory() -> Iterator[Path]:
    """In memory where there is such a place: no disk is worn by hundreds of thousands of files."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="reels-fuzz-", dir=memory if memory.is_dir() else None) as made:
        yield Path(made)


@pytest.mark.parametrize("name", PARSERS)
def test_nothing_that_atheris_makes_up_breaks_a_parser(name: str, directory: Path) -> None:
    runs = FEWER_RUNS.get(name, RUNS)
    run = guided_run(name, directory, runs=runs)
    assert run.finding is None, f"{run.finding!r}\n{run.output}"
    assert run.executions >= runs
    assert run.edges >= FEWEST_EDGES.get(name, 50)
