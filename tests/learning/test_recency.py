"""Likes that fade, and the stage of a reel."""

import numpy as np

from reels.learning.interactions import Histories, Interactions
from reels.learning.recency import HALF_LIVES_DAYS, recent_counts, stages

DAY = 86_400.0
KEYS = np.array([10, 20, 30], np.int64)


def pairs(reels: list[int], days_ago: list[float], values: list[float]) -> Interactions:
    n = len(reels)
    return Interactions(
        user_keys=np.arange(n),
        indptr=np.arange(n + 1),
        reels=np.array(reels, np.int64),
        values=np.array(values, np.float32),
        watched=np.full(n, np.nan, np.float32),
        kinds=np.zeros(n, np.uint16),
        at=1000 * DAY - DAY * np.array(days_ago),
    )


def test_a_like_halves_every_half_life() -> None:
    counts = recent_counts(pairs([10, 10, 20, 30], [0, 1, 1, 0], [0.9, 0.9, 0.5, -1.0]), KEYS, now=1000 * DAY)
    day = HALF_LIVES_DAYS.index(1.0)
    np.testing.assert_allclose(counts[day], [1.5, 0.5, 0.0])
    np.testing.assert_allclose(counts[-1], [2.0, 1.0, 0.0], rtol=1e-4)


def test_hidden_pairs_are_not_counted() -> None:
    log = pairs([10, 20], [0, 2], [0.9, 0.9])
    counts = recent_counts(log, KEYS, now=1000 * DAY, without=np.array([True, False]))
    np.testing.assert_allclose(counts[:, 0], 0.0)
    np.testing.assert_allclose(counts[:, 1], 1.0)  # the newest that is left is now


def test_stages_follow_the_order_in_which_reels_are_met() -> None:
    rows = np.array([0, 1, 2, 0, 1, 1, 2], np.int32)
    made = Histories(np.array([0, 3, 5, 7]), rows, np.ones(7, np.float32), np.zeros(7), 4)
    found = stages(made)
    assert found[0] < found[1] < found[2]
    assert found[3] == 0.5
    assert (stages(Histories(np.array([0]), rows[:0], np.empty(0, np.float32), np.empty(0), 2)) == 0.5).all()
