"""One system for most faults; the table of what each of them cost at the end.

REELS_FAULTS=long lets each fault last longer; REELS_FAULTS_TABLE=FILE writes the table into that file.
"""

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from benchmarks.machine import machine
from tests.faults.books import audit
from tests.faults.outcome import HEAD, Outcome, outcome_of, row
from tests.faults.served import Door, Served, system
from tests.faults.traffic import watching

LONG = os.environ.get("REELS_FAULTS") == "long"
LASTS_SEC = 10.0 if LONG else 2.5
"""How long a fault lasts."""

Suffer = Callable[..., Outcome]


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """nginx, two API workers, a job worker, MongoDB and Valkey."""
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as made,
        system(Path(made), apis=2, proxied=True, worker=True) as started,
    ):
        yield started


@pytest.fixture
def suffer(record_property: Callable[[str, object], None]) -> Suffer:
    """Lets viewers watch through a fault, keeps the books, and holds everybody to what is promised of every fault."""

    def run(
        name: str,
        served: Served,
        fault: AbstractContextManager[object],
        *,
        door: Door | None = None,
        lasts_sec: float = LASTS_SEC,
    ) -> Outcome:
        with watching(door or served.door) as traffic:
            traffic.wait_well()
            with fault:
                time.sleep(lasts_sec)
                ended = time.monotonic()
            traffic.wait_well(since=ended)
        books = audit(served.settings, traffic.watchers, counted=served.worker is not None)
        outcome = outcome_of(name, traffic, books, ended)
        record_property("fault", outcome.as_property())
        bad = [answer for answer in traffic.answers if answer.kind == "feed" and not answer.whole]
        assert outcome.lost == 0, books
        assert outcome.doubled == 0, books
        assert outcome.derived_wrong == 0, books
        assert outcome.whole_in_the_end == 1.0, bad
        return outcome

    return run


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """The table."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    outcomes = [
        value for one in reports if one.when == "call" for name, value in one.user_properties if name == "fault"
    ]
    if not outcomes:
        return
    table = "\n".join([HEAD, *(row(one) for one in outcomes)])
    terminalreporter.write_line(table)
    if target := os.environ.get("REELS_FAULTS_TABLE"):
        put_into(Path(target), table)


def put_into(file: Path, table: str) -> None:
    """Between the marks in the file, with where and when."""
    told = machine()
    where = f"{told['cpu']}, {told['cores']} cores, {told['memory_gib']} GiB, Python {told['python']}"
    measured = f"Measured on {told['date']}, commit {told['commit']}, {where}; most faults lasted {LASTS_SEC:g} s."
    text = file.read_text(encoding="utf-8")
    new = re.sub(
        r"(<!-- faults -->\n).*(<!-- /faults -->)",
        lambda found: f"{found[1]}{measured}\n\n{table}\n{found[2]}",
        text,
        flags=re.DOTALL,
    )
    assert new != text, f"{file} has no marks for the table"
    file.write_text(new, encoding="utf-8")
