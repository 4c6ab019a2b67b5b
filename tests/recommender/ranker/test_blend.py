import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.recommender.models_in_use import with_tail
from tests.recommender.viewers import mixed, query, state_of

from reels.core.policy import Policy, Weights
from reels.recommender.ranker.blend import normalised
from reels.recommender.standard import pipelines
from reels.recommender.viewer import viewer_of

RAW = arrays(np.float32, st.integers(0, 40), elements=st.one_of(st.floats(0, 1e6, width=32), st.just(float("nan"))))


@given(RAW, st.sampled_from(["max", "rank", "none"]))
def test_normalised_is_in_0_to_1_and_keeps_the_order(raw: np.ndarray, how: str) -> None:
    out = normalised(raw, how)
    assert ((out >= 0) & (out <= 1)).all()
    assert (out[np.isnan(raw)] == 0).all()
    order = np.argsort(np.nan_to_num(raw), kind="stable")
    assert (np.diff(out[order]) >= 0).all()


def test_max_keeps_ratios_and_rank_only_places() -> None:
    raw = np.array([1.0, 4.0, 2.0, 0.0], np.float32)
    assert normalised(raw, "max").tolist() == [0.25, 1.0, 0.5, 0.0]
    assert normalised(raw, "rank").tolist() == [0.5, 1.0, 0.75, 0.0]
    assert normalised(raw, "none").tolist() == [1.0, 1.0, 1.0, 0.0]


def test_another_normalisation_is_refused() -> None:
    with pytest.raises(ValueError, match="'log'"):
        normalised(np.ones(2, np.float32), "log")


def test_what_parts_that_know_nothing_would_weigh_goes_to_popularity() -> None:
    models, policy = with_tail(), Policy()
    rows = np.arange(models.n, dtype=np.int32)
    board = pipelines()["for_you"].ranker.rank(query(), viewer_of(state_of(), models), models, policy, rows)
    assert not board.parts["content"].any()
    assert not board.parts["cf"].any()
    assert board.weights == pytest.approx({"content": 0, "cf": 0, "popularity": 0.9, "exploration": 0.1})
    plain_total = 0.9 * board.parts["popularity"] + 0.1 * board.parts["exploration"]
    assert np.allclose(board.total, plain_total + board.boosts["trending"] + board.boosts["new_creator"], atol=1e-6)


def test_the_total_is_the_documented_formula() -> None:
    models, policy = with_tail(), Policy(weights=Weights(0.4, 0.3, 0.2, 0.1), trending_boost=0.3)
    rows = np.arange(models.n, dtype=np.int32)
    board = pipelines()["for_you"].ranker.rank(query(), viewer_of(mixed(), models), models, policy, rows)
    parts = board.parts
    expected = 0.4 * parts["content"] + 0.3 * parts["cf"] + 0.2 * parts["popularity"] + 0.1 * parts["exploration"]
    best = float(expected.max())
    expected = expected + board.boosts["trending"] + board.boosts["new_creator"]
    assert np.allclose(board.total, expected, atol=1e-6)
    assert max(float(part.max()) for part in parts.values()) <= 1
    assert board.boosts["trending"].max() == pytest.approx(0.27 * best), "0.3 of the best score, 0.9 trending"


def test_z_counts_standard_deviations_above_the_lowest() -> None:
    raw = np.array([1.0, 3.0, np.nan, 8.0], np.float32)
    known = np.array([1.0, 3.0, 0.0, 8.0])
    np.testing.assert_allclose(normalised(raw, "z"), known / known.std(), rtol=1e-6)
    assert not normalised(np.full(3, 2.0, np.float32), "z").any()


def test_sum_makes_shares() -> None:
    np.testing.assert_allclose(normalised(np.array([1.0, 3.0, np.nan], np.float32), "sum"), [0.25, 0.75, 0.0])
    assert not normalised(np.zeros(2, np.float32), "sum").any()
