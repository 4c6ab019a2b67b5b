"""Processes that share a directory are real processes here: prometheus_client decides when it is imported."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from prometheus_client import Gauge
from tests.waiting import eventually

from reels.telemetry.exposition import Exposition, forget_the_dead, shared_directory, sharing, watch_memory

_PROCESS = """
import os, sys
from reels.api.metrics import Metrics
from reels.telemetry.exposition import shared_directory
metrics = Metrics(shared_directory(os.environ))
for _ in range(int(sys.argv[1])):
    metrics.request("GET", "/feed", 200, 0.01)
metrics.in_flight.inc(int(sys.argv[1]))
metrics.watch_snapshot_age(lambda: 10.0 * int(sys.argv[1]))
metrics.exposition.collect()
print("ready", flush=True)
for line in sys.stdin:
    print(metrics.render().decode().replace("\\n", "|"), flush=True)
"""


class _Process:
    """A process that counted so many requests and tells the metrics when asked."""

    def __init__(self, requests: int, environment: dict[str, str]) -> None:
        self.running = subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(requests)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        assert self.running.stdout is not None
        assert self.running.stdout.readline() == "ready\n"

    def metrics(self) -> set[str]:
        assert self.running.stdin is not None
        assert self.running.stdout is not None
        self.running.stdin.write("?\n")
        self.running.stdin.flush()
        return set(self.running.stdout.readline().split("|"))

    def kill(self) -> None:
        self.running.kill()
        self.running.communicate()


def test_any_process_answers_for_all_and_the_dead_leave_only_what_they_counted(tmp_path: Path) -> None:
    feed = 'reels_requests_total{method="GET",route="/feed",status="200"}'
    with sharing(tmp_path / "metrics") as environment, ExitStack() as stack:
        three, five = (_Process(n, environment) for n in (3, 5))
        for process in (three, five):
            stack.callback(process.kill)
        for process in (three, five):
            told = process.metrics()
            assert f"{feed} 8.0" in told
            assert "reels_requests_in_flight 8.0" in told
            assert "reels_snapshot_age_seconds 50.0" in told  # the oldest models of any
            memory = [line for line in told if line.startswith("reels_process_memory_bytes{")]
            assert len(memory) == 2
            assert all(float(line.split()[-1]) > 1e6 for line in memory)
        five.kill()
        forget_the_dead(tmp_path / "metrics")
        told = three.metrics()
        assert f"{feed} 8.0" in told
        assert "reels_requests_in_flight 3.0" in told
        assert "reels_snapshot_age_seconds 30.0" in told
    assert not (tmp_path / "metrics").exists()


def test_a_directory_left_by_a_killed_system_begins_empty(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").write_bytes(b"old")
    with sharing(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_the_environment_leads_to_the_directory(tmp_path: Path) -> None:
    with sharing(tmp_path / "metrics") as environment:
        assert shared_directory(environment) == tmp_path / "metrics"
    assert shared_directory({}) is None


def test_gauges_are_looked_at_before_an_answer() -> None:
    exposition, value = Exposition(), [1.0]
    gauge = Gauge("some", "Some.", registry=exposition.registry)
    exposition.look(lambda: gauge.set(value[0]))
    value[0] = 5.0
    assert "some 5.0" in exposition.render().decode()


def test_memory_is_this_process() -> None:
    exposition = Exposition()
    watch_memory(exposition, "api")

    def told() -> float:
        line = next(one for one in exposition.render().decode().splitlines() if one.startswith("reels_process_memory"))
        return float(line.split()[-1])

    before = told()
    block = bytearray(os.urandom(1)) * 80_000_000
    assert eventually(told) > before + 40_000_000
    assert len(block)
