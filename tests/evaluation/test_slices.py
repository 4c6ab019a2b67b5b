"""Slices, and the committed sample as a log."""

from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.tiny import catalogue, ids, log

from reels.core.errors import InputError
from reels.evaluation.logs import SOURCES
from reels.evaluation.slices import slice_of

DATA = Path(__file__).parents[2] / "datasets"


def test_a_slice_holds_the_most_shown_reels_and_viewers_who_saw_enough_of_them() -> None:
    reels = catalogue(5)
    made = log([["1", "2", "3"], ["1", "2"], ["4", "1"], ["1", "2", "5", "3"]], reels)
    small, part = slice_of(reels, made, reels=3, viewers=10, least=2)
    assert {one.reel_id for one in small.reels} == {"1", "2", "3"}
    assert small.keys.tolist() == sorted(small.keys.tolist())
    assert part.viewers.tolist() == [0, 1, 3]
    assert ids(part.reels, small) == ["1", "2", "3", "1", "2", "1", "2", "3"]
    assert part.n == 3
    assert len(slice_of(reels, made, reels=3, viewers=2, least=2)[1].viewers) == 2


def test_the_committed_sample_is_a_log() -> None:
    reels, made = SOURCES["sample"].read(DATA)
    assert (reels.n, len(made.viewers)) == (2000, 500)
    assert 0.2 < made.positive.mean() < 0.8
    pairs = made.owners * made.n + made.reels
    assert len(np.unique(pairs)) == len(pairs)  # nobody sees a reel twice
    assert np.isfinite(made.watched).mean() > 0.9


def test_a_folder_that_is_no_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reels generate"):
        SOURCES["sample"].read(tmp_path)
