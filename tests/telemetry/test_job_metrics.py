import pytest

from reels.core.types import JobRun
from reels.telemetry.job_metrics import JobMetrics


def text(metrics: JobMetrics) -> str:
    return metrics.exposition.render().decode()


def test_a_run_that_ended_well_counts_with_its_time() -> None:
    metrics = JobMetrics()
    metrics.ended(JobRun("1", "snapshot", 100.0, 104.0, "done"))
    assert 'reels_job_runs_total{name="snapshot",outcome="done"} 1.0' in text(metrics)
    assert 'reels_job_seconds_sum{name="snapshot"} 4.0' in text(metrics)
    assert 'reels_job_done_timestamp_seconds{name="snapshot"} 104.0' in text(metrics)


def test_a_failed_run_counts_and_moves_nothing() -> None:
    metrics = JobMetrics()
    metrics.ended(JobRun("1", "snapshot", 100.0, 104.0, "failed"))
    assert 'reels_job_runs_total{name="snapshot",outcome="failed"} 1.0' in text(metrics)
    assert "reels_job_done_timestamp_seconds{" not in text(metrics)


def test_a_first_failure_is_growth() -> None:
    assert 'reels_job_runs_total{name="snapshot",outcome="failed"} 0.0' in text(JobMetrics(names=("snapshot",)))


def test_a_restart_remembers_when_jobs_last_ended_well() -> None:
    metrics = JobMetrics()
    runs = [
        JobRun("3", "snapshot", 30.0, 35.0, "failed"),
        JobRun("2", "snapshot", 20.0, 25.0, "done"),
        JobRun("1", "snapshot", 10.0, 15.0, "done"),
        JobRun("4", "gather", 40.0),
    ]
    metrics.remember(runs)
    assert 'reels_job_done_timestamp_seconds{name="snapshot"} 25.0' in text(metrics)
    assert 'reels_job_runs_total{name="snapshot"' not in text(metrics)
    assert "gather" not in text(metrics)


def test_turns_of_the_schedule() -> None:
    ticks = iter([1.0, 1.5, 9.0])
    metrics = JobMetrics(ticks=lambda: next(ticks))
    with metrics.turn("trend", lambda: 77.0):
        pass
    with pytest.raises(ValueError), metrics.turn("trend", lambda: 88.0):
        raise ValueError
    assert 'reels_worker_turns_total{outcome="done",turn="trend"} 1.0' in text(metrics)
    assert 'reels_worker_turns_total{outcome="failed",turn="trend"} 1.0' in text(metrics)
    assert 'reels_worker_turn_seconds_sum{turn="trend"} 0.5' in text(metrics)
    assert 'reels_worker_turn_timestamp_seconds{turn="trend"} 77.0' in text(metrics)
