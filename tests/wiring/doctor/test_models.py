"""Each check of what the worker makes tells good from bad."""

from pathlib import Path

import numpy as np
import pytest
from tests.snapshots import make_snapshot as tiny

from reels.core import signals
from reels.core.types import JobRun
from reels.learning.shelf import Shelf
from reels.settings import Settings
from reels.wiring.doctor import Level, models

NOW = 1_767_225_600.0
SETTINGS = Settings(train_every_sec=3600, trending_every_sec=15)


@pytest.mark.parametrize("hours, level", [(1, Level.OK), (4, Level.WARN), (30, Level.FAIL)])
def test_an_old_snapshot_is_told(tmp_path: Path, hours: int, level: Level) -> None:
    shelf = Shelf(tmp_path)
    made = tiny()
    shelf.publish(made)
    assert models.snapshot(shelf, SETTINGS, made.manifest.created_at + hours * 3600).level is level


def test_no_snapshot_warns_and_a_damaged_one_fails(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert models.snapshot(shelf, SETTINGS, NOW).level is Level.WARN
    path = shelf.publish(tiny())
    victim = max((file for file in path.iterdir() if file.suffix == ".npy"), key=lambda file: file.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.chmod(0o644)
    victim.write_bytes(content)
    found = models.snapshot(shelf, SETTINGS, NOW)
    assert found.level is Level.FAIL
    assert "rollback" in found.advice


@pytest.mark.parametrize("seconds, level", [(20, Level.OK), (90, Level.WARN), (600, Level.FAIL)])
def test_a_worker_that_counts_no_more_is_told(seconds: int, level: Level) -> None:
    packed = signals.pack(signals.make(np.empty(0, np.int64), np.empty(0), NOW - seconds))
    assert models.worker(packed, SETTINGS, NOW).level is level


def test_a_worker_that_never_counted_fails() -> None:
    assert models.worker(None, SETTINGS, NOW).level is Level.FAIL


def test_only_the_newest_run_of_a_job_counts() -> None:
    failed = JobRun("1", "snapshot", NOW, NOW + 1, "failed", {"error": "disk full"})
    done = JobRun("2", "snapshot", NOW + 60, NOW + 61, "done")
    assert models.last_runs([done, failed]).level is Level.OK
    again = models.last_runs(
        [failed, done, JobRun("3", "snapshot", NOW + 99, NOW + 99, "failed", {"error": "disk full"})]
    )
    assert again.level is Level.WARN
    assert "disk full" in again.found


def test_a_ranker_that_cannot_be_trained_or_walked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tmp_path)
    assert models.ranker(shelf, SETTINGS).level is Level.OK
    shelf.publish(tiny())
    assert "has none" in models.ranker(shelf, SETTINGS).found
    monkeypatch.setattr(models, "unavailable", lambda: "LightGBM can't be loaded (libgomp.so.1)")
    found = models.ranker(shelf, SETTINGS)
    assert (found.level, "libgomp" in found.found) == (Level.WARN, True)
    assert models.ranker(shelf, SETTINGS.model_copy(update={"ranker_viewers": 0})).level is Level.OK
