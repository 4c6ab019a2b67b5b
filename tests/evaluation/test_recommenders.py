"""Ranking over all reels: what is masked, how ties fall, and what a model's own list may not do."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.tiny import catalogue, log

from reels.core.types import Mask, Rows
from reels.evaluation.log import Log
from reels.evaluation.recommenders import best_of, ranked


@dataclass
class Fixed:
    table: np.ndarray

    def scores(self, viewers: Log) -> np.ndarray:
        return self.table[: len(viewers.viewers)]


@dataclass
class Own:
    rows: list[list[int]]

    def rank(self, viewers: Log, k: int, allowed: Mask) -> Rows:
        return np.array(self.rows, np.int32)


@given(st.integers(0, 10_000), st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_the_best_are_those_of_a_full_sort_with_ties_by_row(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (5, 8)).astype(np.float32)
    scores[rng.random((5, 8)) < 0.3] = -np.inf
    expected = np.full((5, k), -1)
    for i, row in enumerate(scores):
        order = [j for j in np.argsort(-row, kind="stable") if row[j] > -np.inf][:k]
        expected[i, : len(order)] = order
    assert best_of(scores, k).tolist() == expected.tolist()


def test_what_was_seen_and_what_is_not_allowed_is_never_ranked() -> None:
    reels = catalogue(5)
    viewers = log([["1", ("2", False)], ["3"]], reels)
    allowed = np.ones(5, bool)
    allowed[reels.rows_of(["4"])] = False
    table = np.tile(np.arange(5, dtype=np.float64), (2, 1))
    table[0, reels.rows_of(["5"])] = np.nan
    found = [
        sorted(reels.reels[row].reel_id for row in rows if row >= 0)
        for rows in ranked(Fixed(table), viewers, 5, allowed)
    ]
    assert found == [["3"], ["1", "2", "5"]]


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [([0, 0], "twice"), ([1, -1], "history"), ([2, -1], "not allowed"), ([0], "expected")],
)
def test_a_models_own_list_is_held_to_the_rules(rows: list[int], wrong: str) -> None:
    reels = catalogue(3)
    viewers = log([[reels.reels[1].reel_id]], reels)
    with pytest.raises(ValueError, match=wrong):
        ranked(Own([rows]), viewers, 2, np.array([True, True, False]))
    assert ranked(Own([[0, -1]]), viewers, 2, np.array([True, True, False])).tolist() == [[0, -1]]
