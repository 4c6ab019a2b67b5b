"""Large samples: streamed, the same rows for the same seed, and as believable as the small one."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from reels.cli import generate as command
from reels.cli.app import app
from reels.core.types import Event, Reel
from reels.ingest.files.events import read_events
from reels.ingest.files.reels import read_reels
from reels.simulation.config import SampleConfig
from reels.simulation.sample import VIEWERS_FILE
from reels.simulation.scale import EVENTS_FILE, REELS_FILE, TRUTH_FILE, Made, generate
from reels.simulation.viewers import load_viewers

CONFIG = SampleConfig(reels=1500, creators=150, viewers=300)


def made(directory: Path, seed: int = 5, config: SampleConfig = CONFIG) -> Made:
    return generate(config, np.random.default_rng(seed), directory, lambda *_: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("large")
    made(directory)
    return directory


def column(path: Path, name: str) -> list[object]:
    values: list[object] = pq.read_table(path)[name].to_pylist()
    return values


def test_the_same_seed_makes_the_same_rows_and_another_others(folder: Path, tmp_path: Path) -> None:
    made(tmp_path / "again")
    made(tmp_path / "other", seed=6)
    for name in (REELS_FILE, EVENTS_FILE, TRUTH_FILE):
        assert pq.read_table(folder / name).equals(pq.read_table(tmp_path / "again" / name))
        assert not pq.read_table(folder / name).equals(pq.read_table(tmp_path / "other" / name))


def test_every_row_is_read_by_the_importers(folder: Path) -> None:
    reels = list(read_reels(folder / REELS_FILE))
    assert len(reels) == CONFIG.reels
    assert all(isinstance(one, Reel) for one in reels)
    events = list(read_events(folder / EVENTS_FILE))
    assert len(events) == pq.read_metadata(folder / EVENTS_FILE).num_rows
    assert all(isinstance(one, Event) for one in events)


def test_every_viewer_has_a_history_of_known_reels_none_met_twice(folder: Path) -> None:
    viewers = {one.user_id for one in load_viewers(folder / VIEWERS_FILE)}
    table = pq.read_table(folder / EVENTS_FILE)
    shown = table.filter(np.array(table["kind"].to_pylist()) == "impression")
    pairs = list(zip(shown["user_id"].to_pylist(), shown["reel_id"].to_pylist(), strict=True))
    assert {user for user, _ in pairs} == viewers
    assert len(set(pairs)) == len(pairs)
    assert {reel for _, reel in pairs} <= set(column(folder / REELS_FILE, "video_id"))
    assert len(set(table["event_id"].to_pylist())) == table.num_rows


def test_no_reel_is_shown_before_it_was_published_and_times_ascend_for_a_viewer(folder: Path) -> None:
    published = dict(
        zip(column(folder / REELS_FILE, "video_id"), column(folder / REELS_FILE, "published_at"), strict=True)
    )
    table = pq.read_table(folder / EVENTS_FILE)
    before: dict[object, object] = {}
    for user, reel, at in zip(
        *(table[name].to_pylist() for name in ("user_id", "reel_id", "occurred_at")), strict=True
    ):
        assert at >= published[reel]
        assert at <= CONFIG.now
        assert at >= before.get(user, at), "events of a viewer are in order"
        before[user] = at


def test_viewers_see_more_of_what_they_love(folder: Path) -> None:
    viewers = {one.user_id: one for one in load_viewers(folder / VIEWERS_FILE)}
    topics = dict(zip(column(folder / TRUTH_FILE, "video_id"), column(folder / TRUTH_FILE, "topic"), strict=True))
    table = pq.read_table(folder / EVENTS_FILE)
    loved = [
        topics[reel] in viewers[user].interests()
        for user, reel, kind in zip(*(table[name].to_pylist() for name in ("user_id", "reel_id", "kind")), strict=True)
        if kind == "impression"
    ]
    assert np.mean(loved) > 0.4
    by_chance = np.mean([len(one.interests()) / 24 for one in viewers.values()])
    assert np.mean(loved) > 2.5 * by_chance


def test_exposure_has_a_long_tail(folder: Path) -> None:
    table = pq.read_table(folder / EVENTS_FILE)
    _, counts = np.unique(np.array(table["reel_id"].to_pylist()), return_counts=True)
    top = np.sort(counts)[::-1]
    assert top[: len(top) // 10].sum() > 0.25 * top.sum()


def test_the_command_writes_parquet_from_a_size_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LARGE", 1000)
    result = CliRunner().invoke(app, ["generate", "--reels", "1000", "--users", "20", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.iterdir()} == {REELS_FILE, EVENTS_FILE, TRUTH_FILE, VIEWERS_FILE}
