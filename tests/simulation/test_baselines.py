"""The feeds a watched feed is compared with."""

from pathlib import Path

import numpy as np
import pytest

from reels.simulation.baselines import best_possible, popular, popular_in_language
from reels.simulation.languages import languages
from reels.simulation.truth import Truth, load_truth
from reels.simulation.viewers import Viewer, load_viewers

DATA = Path(__file__).parents[2] / "datasets"


@pytest.fixture(scope="module")
def truth() -> Truth:
    return load_truth(DATA)


@pytest.fixture(scope="module")
def viewer() -> Viewer:
    return load_viewers(DATA / "sample_viewers.jsonl")[0]


def test_popular_falls(truth: Truth) -> None:
    assert (np.diff(truth.popularity[popular(truth)]) <= 0).all()


def test_popular_in_the_language_first_then_all_others(truth: Truth, viewer: Viewer) -> None:
    rows = popular_in_language(truth, viewer)
    own = np.array([languages()[k].code == viewer.language for k in truth.language])[rows]
    count = int(own.sum())
    assert 0 < count < len(rows)
    assert own[:count].all()
    for part in (rows[:count], rows[count:]):
        assert (np.diff(truth.popularity[part]) <= 0).all()


def test_best_possible_is_the_ceiling(truth: Truth, viewer: Viewer) -> None:
    loves = truth.affinity(viewer)
    assert (np.diff(loves[best_possible(truth, viewer)]) <= 0).all()


def test_every_feed_has_every_reel_once(truth: Truth, viewer: Viewer) -> None:
    for rows in (popular(truth), popular_in_language(truth, viewer), best_possible(truth, viewer)):
        assert sorted(rows) == list(range(len(truth.quality)))
