"""iALS: the library's own answer for a folded-in viewer, determinism, and what it learns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse
from tests.learning.logs import histories
from threadpoolctl import threadpool_limits

from reels.learning.factorization import FactorizationConfig, factorize, fold_in, gramian_of

TWO_GROUPS = [[0, 1, 2], [1, 2, 3], [0, 2, 3], [0, 1, 3]] * 5 + [[4, 5, 6], [5, 6, 7], [4, 6, 7], [4, 5, 7]] * 5
SMALL = FactorizationConfig(factors=8, iterations=8)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=6), st.floats(1.0, 40.0), st.floats(0.01, 1.0))
def test_folding_in_is_what_implicit_computes(weights: list[float], alpha: float, regularization: float) -> None:
    rng = np.random.default_rng(len(weights))
    factors = rng.normal(0, 0.3, (12, 8)).astype(np.float32)
    liked = rng.permutation(12)[: len(weights)]
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=8, regularization=regularization, alpha=1.0)
        model.item_factors = factors
        confidence = 1 + alpha * np.array(weights, np.float32)
        row = sparse.csr_matrix((confidence, (np.zeros(len(liked), int), liked)), shape=(1, 12), dtype=np.float32)
        theirs = model.recalculate_user(0, row)
    ours = fold_in(
        factors[liked],
        np.array(weights, np.float32),
        gramian_of(factors),
        regularization=regularization,
        alpha=alpha,
    )
    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-3)


def test_reels_liked_by_the_same_viewers_score_higher() -> None:
    made = factorize(histories(TWO_GROUPS, 9), FactorizationConfig(factors=2))
    vector = fold_in(
        made.factors[[0, 1]],
        np.ones(2, np.float32),
        made.gramian,
        regularization=made.regularization,
        alpha=made.alpha,
    )
    scores = made.factors @ vector
    assert min(scores[2], scores[3]) > 2 * max(scores[4:8])


def test_the_seed_decides_and_nothing_else() -> None:
    log = histories(TWO_GROUPS, 9)
    one, two = factorize(log, SMALL, threads=1), factorize(log, SMALL, threads=2)
    np.testing.assert_array_equal(one.factors, two.factors)
    other = factorize(log, FactorizationConfig(factors=8, iterations=8, seed=1))
    assert not np.array_equal(one.factors, other.factors)


def test_reels_nobody_liked_have_zero_factors() -> None:
    made = factorize(histories(TWO_GROUPS, 9), SMALL)
    assert not made.factors[8].any()
    assert made.factors[:8].any(axis=1).all()
    np.testing.assert_allclose(made.gramian, made.factors.T @ made.factors, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [0, 3])
def test_no_likes_at_all(n: int) -> None:
    made = factorize(histories([], n), SMALL)
    assert made.factors.shape == (n, 8)
    assert not made.factors.any()
