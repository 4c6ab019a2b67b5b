"""What viewers do follows from how much they like it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.core.types import EventKind
from reels.simulation.behaviour import Reactions, react


def _many(affinity: float, duration: float = 20.0, patience: float = 0.5, n: int = 20_000) -> Reactions:
    return react(np.full(n, affinity), np.full(n, duration), patience, np.random.default_rng(5))


@given(a=st.floats(0, 1), d=st.floats(1, 600), p=st.floats(0, 1), seed=st.integers(0, 99))
def test_reactions_are_possible(a: float, d: float, p: float, seed: int) -> None:
    done = react(np.full(50, a), np.full(50, d), p, np.random.default_rng(seed))
    assert np.isfinite(done.watch_sec).all()
    assert (done.watch_sec >= 0).all()
    assert (done.watch_sec <= 2 * d + 0.1).all()
    assert (done.watch_sec[done.skipped] <= d / 2 + 0.1).all()
    assert not (done.skipped & (done.liked | done.saved | done.shared | done.followed)).any()
    assert not (done.not_interested & ~done.skipped).any()


def test_loved_reels_are_watched_and_liked_more() -> None:
    cold, warm, hot = _many(0.05), _many(0.4), _many(0.9)
    assert cold.skipped.mean() > 0.7 > warm.skipped.mean() > 0.2 > hot.skipped.mean()
    assert cold.liked.mean() < 0.01 < warm.liked.mean() < 0.2 < hot.liked.mean()
    assert cold.watch_sec.mean() < warm.watch_sec.mean() < hot.watch_sec.mean()
    assert cold.not_interested.mean() > 0.02
    assert hot.not_interested.mean() < 0.001


def test_documented_rates() -> None:
    done = _many(0.6)
    assert done.skipped.mean() == pytest.approx(0.92 * 0.4**1.6, abs=0.01)
    watched = ~done.skipped & (done.watch_sec < 20.0)
    assert 0.5 < (done.watch_sec[watched] / 20.0).mean() < 0.75


def test_patient_viewers_stay_longer_with_long_reels() -> None:
    hurried, patient = _many(0.6, 90.0, 0.1), _many(0.6, 90.0, 0.9)
    assert patient.watch_sec.mean() > 1.1 * hurried.watch_sec.mean()


def test_events_in_the_order_they_happen() -> None:
    yes, no = np.array([True]), np.array([False])
    assert Reactions(np.array([9.0]), no, yes, yes, yes, yes, no).kinds(0) == [
        EventKind.IMPRESSION, EventKind.WATCH, EventKind.LIKE, EventKind.SAVE, EventKind.SHARE, EventKind.FOLLOW,
    ]  # fmt: skip
    assert Reactions(np.array([0.5]), yes, no, no, no, no, yes).kinds(0) == [
        EventKind.IMPRESSION, EventKind.SKIP, EventKind.NOT_INTERESTED,
    ]  # fmt: skip


def test_same_seed_same_reactions() -> None:
    first, second = _many(0.5), _many(0.5)
    assert (first.watch_sec == second.watch_sec).all()
    assert (first.liked == second.liked).all()
