"""The job worker's metrics: runs of jobs, and turns of everything it does on a schedule."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from reels.core.types import JobRun
from reels.telemetry.exposition import Exposition, watch_memory
from reels.telemetry.store_metrics import StoreMetrics

_SECONDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0)
_TURN_SECONDS = (0.001, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 600.0, 3600.0)


class JobMetrics:
    """All of them. `directory` as for `api.metrics.Metrics`; `names` of the jobs there are."""

    def __init__(
        self,
        directory: Path | None = None,
        names: Sequence[str] = (),
        ticks: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.exposition = Exposition(directory)
        self.stores = StoreMetrics(self.exposition)
        self._ticks = ticks
        watch_memory(self.exposition, "worker")
        to = self.exposition.registry
        self._runs = Counter("reels_job_runs", "Runs of offline jobs that ended.", ["name", "outcome"], registry=to)
        self._seconds = Histogram(
            "reels_job_seconds", "Time of a run that ended well.", ["name"], registry=to, buckets=_SECONDS
        )
        self._done_at = Gauge(
            "reels_job_done_timestamp_seconds", "When a job last ended well.", ["name"], registry=to,
            multiprocess_mode="max",
        )  # fmt: skip
        self._turns = Counter("reels_worker_turns", "Turns of the schedule.", ["turn", "outcome"], registry=to)
        self._turn_seconds = Histogram(
            "reels_worker_turn_seconds", "Time of a turn.", ["turn"], registry=to, buckets=_TURN_SECONDS
        )
        self._turned_at = Gauge(
            "reels_worker_turn_timestamp_seconds", "When a turn last ended well.", ["turn"], registry=to,
            multiprocess_mode="max",
        )  # fmt: skip

        for name in names:
            for outcome in (
                "done",
                "failed",
            ):  # a series that begins at its first failure has not grown, for Prometheus
                self._runs.labels(name, outcome)

    def remember(self, runs: Iterable[JobRun]) -> None:
        """Runs of before this process, so that a restart does not look like a job that never ran."""
        for run in sorted(runs, key=lambda one: one.finished_at or 0.0):
            if run.outcome == "done" and run.finished_at:
                self._done_at.labels(run.job).set(run.finished_at)

    def ended(self, run: JobRun) -> None:
        """A run is recorded as done or failed."""
        self._runs.labels(run.job, run.outcome).inc()
        if run.outcome == "done" and run.finished_at is not None:
            self._seconds.labels(run.job).observe(run.finished_at - run.started_at)
            self._done_at.labels(run.job).set(run.finished_at)

    @contextmanager
    def turn(self, name: str, clock: Callable[[], float]) -> Iterator[None]:
        """One turn of the schedule; counted as failed where it raises."""
        began = self._ticks()
        try:
            yield
        except BaseException:
            self._turns.labels(name, "failed").inc()
            raise
        self._turns.labels(name, "done").inc()
        self._turn_seconds.labels(name).observe(self._ticks() - began)
        self._turned_at.labels(name).set(clock())
