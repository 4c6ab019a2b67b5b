"""Samples are the same bytes for the same seed, and complete."""

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from reels.core.errors import ConfigError
from reels.core.types import Event, Reel
from reels.ingest.files.events import read_events
from reels.ingest.files.reels import read_reels
from reels.simulation.config import SampleConfig
from reels.simulation.sample import (
    EVENT_COLUMNS,
    EVENTS_FILE,
    REEL_COLUMNS,
    REELS_FILE,
    TRUTH_FILE,
    VIEWERS_FILE,
    Sample,
    generate,
    write,
)

COMMITTED = Path(__file__).parents[2] / "datasets"
SMALL = SampleConfig(reels=120, creators=15, viewers=9)


def _bytes(config: SampleConfig, seed: int, directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in write(generate(config, np.random.default_rng(seed)), directory)]


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    assert _bytes(SMALL, 3, tmp_path / "a") == _bytes(SMALL, 3, tmp_path / "b")


def test_other_seed_other_bytes_in_every_file(tmp_path: Path) -> None:
    ours, theirs = _bytes(SMALL, 3, tmp_path / "a"), _bytes(SMALL, 4, tmp_path / "b")
    assert all(a != b for a, b in zip(ours, theirs, strict=True))


def test_committed_files_are_what_the_command_makes(sample: Sample, tmp_path: Path) -> None:
    for path in write(sample, tmp_path):
        assert path.read_bytes() == (COMMITTED / path.name).read_bytes(), f"{path.name}: run `reels generate`"


def test_compressed_files_carry_no_time_stamp(sample: Sample, tmp_path: Path) -> None:
    write(sample, tmp_path)
    for name in (EVENTS_FILE, TRUTH_FILE):
        assert (tmp_path / name).read_bytes()[4:8] == b"\0\0\0\0"


def test_events_are_small_enough_to_commit() -> None:
    assert (COMMITTED / EVENTS_FILE).stat().st_size < 3_000_000


def test_documented_columns(tmp_path: Path) -> None:
    write(generate(SMALL, np.random.default_rng(0)), tmp_path)
    with (tmp_path / REELS_FILE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == REEL_COLUMNS
    assert len(rows) == 121
    with gzip.open(tmp_path / EVENTS_FILE, "rt", encoding="utf-8", newline="") as file:
        assert tuple(next(csv.reader(file))) == EVENT_COLUMNS
    assert len((tmp_path / VIEWERS_FILE).read_text("utf-8").splitlines()) == 9


def test_files_can_be_imported_without_a_reject() -> None:
    reels = list(read_reels(COMMITTED / REELS_FILE))
    events = list(read_events(COMMITTED / EVENTS_FILE))
    assert all(isinstance(reel, Reel) for reel in reels)
    assert all(isinstance(event, Event) for event in events)
    known = {reel.reel_id for reel in reels if isinstance(reel, Reel)}
    assert len(known) == 2000
    assert {event.reel_id for event in events if isinstance(event, Event)} <= known
    assert len({event.event_id for event in events if isinstance(event, Event)}) == len(events)


@pytest.mark.parametrize(("reels", "creators", "viewers"), [(1, 1, 1), (3, 3, 2), (30, 2, 0)])
def test_tiny_samples_work(reels: int, creators: int, viewers: int, tmp_path: Path) -> None:
    sample = generate(SampleConfig(reels=reels, creators=creators, viewers=viewers), np.random.default_rng(0))
    write(sample, tmp_path)
    assert len(sample.catalogue) == reels
    assert len(sample.viewers) == viewers


def test_everything_happens_before_now() -> None:
    now = datetime(2020, 2, 29, 12, tzinfo=UTC)
    sample = generate(SampleConfig(now=now, reels=200, creators=20, viewers=30), np.random.default_rng(1))
    assert sample.catalogue.published_at.max() < now.timestamp()
    assert all(event.occurred_at < now.timestamp() for event in sample.events)
    assert sample.events[0].occurred_at > now.timestamp() - 29 * 86_400


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"now": datetime(2026, 1, 1)}, "time zone"),
        ({"reels": 10, "creators": 11}, "creators=11"),
        ({"creators": 0}, "creators=0"),
        ({"new_creator_share": 0.7}, "new_creator_share=0.7"),
        ({"viewers": -1}, "negative"),
    ],
)
def test_impossible_configs_are_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        SampleConfig(**wrong)  # type: ignore[arg-type]
