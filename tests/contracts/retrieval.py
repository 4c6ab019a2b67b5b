"""What every `Retrieval` does. Inherit, and give `make`."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reels.core.types import Floats, Mask
from reels.learning.codes import Codes
from reels.recommender.retrieval import Retrieval


def unit(n: int, seed: int, dim: int = 8) -> Floats:
    """float32[n, dim]: random unit rows that 8-bit codes hold exactly."""
    rows = np.random.default_rng(seed).normal(size=(n, dim))
    return Codes.of(np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)).floats()


class RetrievalContract:
    def make(self, vectors: Floats, active: Mask) -> Retrieval:
        """Over these rows; those not active are never answered."""
        raise NotImplementedError

    # Each implementation inherits this: to hypothesis, another executor of the same test.
    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(seed=st.integers(0, 1000), n=st.integers(0, 200), k=st.integers(0, 250))
    def test_answers_what_looking_at_every_active_row_answers(self, seed: int, n: int, k: int) -> None:
        vectors, queries = unit(n, seed), unit(3, seed + 1)
        active = np.random.default_rng(seed).random(n) > 0.2
        rows, scores = self.make(vectors, active).nearest(queries, k)
        assert rows.shape == scores.shape == (3, k)
        assert rows.dtype == np.int32
        assert scores.dtype == np.float32
        for query, found, told in zip(queries, rows, scores, strict=True):
            every = vectors @ query
            best = np.sort(every[active])[::-1][:k]
            given_rows = found[: len(best)]
            assert active[given_rows].all()
            assert len(set(given_rows.tolist())) == len(best)
            np.testing.assert_allclose(every[given_rows], best, atol=1e-5)
            np.testing.assert_allclose(told[: len(best)], best, atol=1e-5)
            assert (np.diff(told[: len(best)]) <= 0).all()
            assert (found[len(best) :] == -1).all()
            assert np.isneginf(told[len(best) :]).all()

    @pytest.mark.parametrize("k", [3, 10])
    def test_a_zero_query_and_zero_rows_score_zero(self, k: int) -> None:
        vectors = np.zeros((10, 8), np.float32)
        vectors[4] = unit(1, 0)
        queries = np.stack([np.zeros(8, np.float32), vectors[4]])
        rows, scores = self.make(vectors, np.ones(10, np.bool_)).nearest(queries, k)
        assert scores[0].tolist() == [0] * k
        assert len(set(rows[0].tolist())) == k
        assert rows[1, 0] == 4
        assert scores[1, 1:].tolist() == [0] * (k - 1)

    def test_where_scores_are_equal_the_answer_is_the_same_every_time(self) -> None:
        vectors = np.repeat(unit(5, 3), 40, axis=0)
        active = np.ones(200, np.bool_)
        rows, scores = self.make(vectors, active).nearest(vectors[:1], 100)
        again, _ = self.make(vectors.copy(), active).nearest(vectors[:1], 100)
        np.testing.assert_array_equal(rows, again)
        for score in np.unique(scores):
            tied = rows[0][scores[0] == score]
            assert (np.diff(tied) > 0).all()

    def test_nothing_asked_nothing_answered(self) -> None:
        rows, scores = self.make(unit(9, 1), np.ones(9, np.bool_)).nearest(np.empty((0, 8), np.float32), 5)
        assert rows.shape == scores.shape == (0, 5)

    def test_none_active_none_answered(self) -> None:
        rows, scores = self.make(unit(9, 1), np.zeros(9, np.bool_)).nearest(unit(1, 2), 5)
        assert rows.tolist() == [[-1] * 5]
        assert np.isneginf(scores).all()
