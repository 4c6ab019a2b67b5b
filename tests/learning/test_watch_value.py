"""Duration-debiased watch value: what it takes from the length of a reel, and what it leaves alone."""

from dataclasses import replace

import numpy as np
import pytest
from tests.snapshots import NOW, make_snapshot

from reels.core.types import UserState
from reels.learning.interactions import Interactions
from reels.learning.watch_value import FEWEST, GROUP, POINTS, USUAL, fit_watch_table, valued, watch_table_of
from reels.recommender.models import build
from reels.recommender.viewer import viewer_of

KEYS = np.arange(10, 14, dtype=np.int64)
DURATIONS = np.array([8.0, 8.0, 90.0, np.nan], np.float32)
"""Two short reels, a long one, one of unknown length."""


def log(p: int = 6000, seed: int = 0) -> Interactions:
    """Short reels are watched to the end or longer, the long one for a tenth of it: 9 seconds are usual for both."""
    rng = np.random.default_rng(seed)
    reels = rng.integers(0, 4, p)
    seconds = rng.uniform(0.0, 18.0, p)
    watched = (seconds / np.nan_to_num(DURATIONS, nan=30.0)[reels]).astype(np.float32)
    values = np.where(watched < 0.3, -0.2, 0.5).astype(np.float32)
    return Interactions(
        user_keys=np.arange(p, dtype=np.int64),
        indptr=np.arange(p + 1, dtype=np.int64),
        reels=KEYS[reels],
        values=values,
        watched=watched,
        kinds=np.zeros(p, np.uint16),
        at=np.arange(p, dtype=np.float64),
        events=p,
    )


def test_the_same_quantile_is_the_same_value_at_every_length() -> None:
    pairs = log()
    table = fit_watch_table(pairs, KEYS, DURATIONS)
    assert table is not None
    told = valued(pairs, table, KEYS, DURATIONS).values
    short, long = np.isin(pairs.reels, KEYS[:2]), pairs.reels == KEYS[2]
    assert (pairs.values[short] > 0).mean() > 0.8  # by the watched share nearly all of the short reels were liked,
    assert not (pairs.values[long] > 0).any()  # and none of the long one
    assert (told[short] > 0).mean() == pytest.approx(1 - USUAL, abs=0.03)
    assert (told[long] > 0).mean() == pytest.approx(1 - USUAL, abs=0.03)
    assert told[short].min() == pytest.approx(-0.4, abs=0.02) == told[long].min()
    assert told[short].max() == pytest.approx(0.85, abs=0.03) == told[long].max()


def test_longer_watched_is_never_worth_less() -> None:
    table = fit_watch_table(log(), KEYS, DURATIONS)
    assert table is not None
    shares = np.linspace(0, 3, 200, dtype=np.float32)
    for duration in (3.0, 8.0, 40.0, 90.0, 500.0):
        told = table.values(np.zeros(200, np.float32), shares, np.full(200, duration, np.float32))
        assert (np.diff(told) >= 0).all()
        assert np.isfinite(told).all()


def test_what_was_said_and_what_is_not_known_keeps_its_value() -> None:
    table = fit_watch_table(log(), KEYS, DURATIONS)
    assert table is not None
    values = np.array([0.9, 1.0, -1.0, 0.0, -0.4, 0.3], np.float32)
    watched = np.array([0.01, 0.01, 2.0, np.nan, np.nan, 0.9], np.float32)
    durations = np.array([8.0, 8.0, 8.0, 8.0, 8.0, np.nan], np.float32)
    np.testing.assert_array_equal(table.values(values, watched, durations), values)


def test_watched_to_the_end_and_no_more_known_is_worth_as_much_as_ever() -> None:
    ends = replace(log(), watched=np.where(np.arange(6000) % 2, log().watched, 1.0).astype(np.float32))
    table = fit_watch_table(ends, KEYS, DURATIONS)
    assert table is not None
    told = table.values(np.full(2, 0.7, np.float32), np.ones(2, np.float32), DURATIONS[1:3])
    assert told[0] == np.float32(0.7)  # eight seconds of an eight second reel are less than usual here
    assert told[1] > 0.8
    half = fit_watch_table(log(3000, seed=3), KEYS, DURATIONS)
    assert half is not None
    assert table.seconds.mean() == pytest.approx(half.seconds.mean(), rel=0.05)


def test_debiasing_twice_is_debiasing_once() -> None:
    pairs = log()
    table = fit_watch_table(pairs, KEYS, DURATIONS)
    once = valued(pairs, table, KEYS, DURATIONS)
    assert not np.array_equal(once.values, pairs.values)
    np.testing.assert_array_equal(valued(once, table, KEYS, DURATIONS).values, once.values)


def test_too_few_watched_pairs_make_no_table() -> None:
    assert fit_watch_table(log(FEWEST - 1), KEYS, DURATIONS[:3].repeat(2)[:4]) is None
    silent = log()
    assert fit_watch_table(replace(silent, watched=np.full_like(silent.watched, np.nan)), KEYS, DURATIONS) is None
    assert valued(silent, None, KEYS, DURATIONS) is silent


def test_only_the_newest_say_what_is_usual() -> None:
    pairs = log()
    idle = np.arange(6000) < 3000
    pairs = replace(pairs, watched=np.where(idle, 0, pairs.watched).astype(np.float32))
    late = fit_watch_table(pairs, KEYS, DURATIONS, newest=2000)
    early = fit_watch_table(replace(pairs, at=-pairs.at), KEYS, DURATIONS, newest=2000)
    assert late is not None
    assert early is not None
    assert late.seconds.shape == (len(late.edges) + 1, POINTS)
    assert not early.seconds.any()
    assert late.seconds[:, POINTS // 2].min() > 5


def test_a_request_reads_the_value_that_the_fits_read() -> None:
    snapshot = make_snapshot(60, seed=1)
    rng = np.random.default_rng(2)
    p = 3000
    reels = snapshot.keys[rng.integers(0, 60, p)]
    pairs = replace(log(p), reels=reels, watched=rng.uniform(0, 2, p).astype(np.float32))
    table = fit_watch_table(pairs, snapshot.keys, snapshot.durations)
    assert table is not None
    fitted = valued(pairs, table, snapshot.keys, snapshot.durations)
    models = build(replace(snapshot, groups={**snapshot.groups, GROUP: table.arrays()}))
    assert watch_table_of(models.snapshot) is not None
    newest = slice(0, 50)
    state = UserState(
        "u",
        history=pairs.reels[newest],
        history_at=NOW + np.arange(50.0),
        history_watched=pairs.watched[newest],
        history_value=pairs.values[newest],
        history_kinds=pairs.kinds[newest],
    )
    viewer = viewer_of(state, models)
    np.testing.assert_array_equal(viewer.state.history_value, fitted.values[newest])
    again = viewer_of(viewer.state, models)
    np.testing.assert_array_equal(again.state.history_value, viewer.state.history_value)
    np.testing.assert_array_equal(again.evidence.liked, viewer.evidence.liked)
    assert viewer_of(state, build(snapshot)).state is state
