"""Trending: lifted shares, not busy hours and not handfuls."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reels.learning.trending import trending


def test_a_reel_far_above_its_share_trends() -> None:
    usual = np.full(100, 0.01, np.float32)
    counts = np.full(100, 10)
    counts[7] = 200
    found = trending(counts, usual)
    assert found[7] > 0.9
    assert np.count_nonzero(found) == 1


def test_a_busy_hour_lifts_nobody() -> None:
    usual = np.linspace(0.001, 0.1, 50).astype(np.float32)
    assert not trending((usual * 36_000).astype(np.int64), usual).any()


def test_a_usually_popular_reel_is_no_trend_and_a_handful_neither() -> None:
    usual = np.array([1.0, *[0.001] * 200], np.float32)
    found = trending(np.array([5000, 4, 60, *[5] * 198]), usual)
    assert found[0] == found[1] == 0
    assert found[2] > 0.5


@given(arrays(np.int64, 12, elements=st.integers(0, 10_000)), st.integers(1, 5000))
def test_more_events_never_trend_less(counts: np.ndarray, more: int) -> None:
    usual = np.full(12, 0.5, np.float32)
    before = trending(counts, usual)
    assert ((before >= 0) & (before <= 1)).all()
    raised = counts.copy()
    raised[3] += more
    assert trending(raised, usual)[3] >= before[3] - 1e-6


def test_nothing_happened() -> None:
    assert trending(np.zeros(3, np.int64), np.ones(3, np.float32)).tolist() == [0, 0, 0]
    assert len(trending(np.zeros(0, np.int64), np.ones(0, np.float32))) == 0
