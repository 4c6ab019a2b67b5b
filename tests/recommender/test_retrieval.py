import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reels.recommender import retrieval
from reels.recommender.retrieval import Exact


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(0, 200), k=st.integers(1, 250), block=st.sampled_from([7, 64, 1000]))
def test_finds_the_largest_inner_products_whatever_the_block(seed: int, n: int, k: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, queries = rng.normal(size=(n, 8)).astype(np.float32), rng.normal(size=(3, 8)).astype(np.float32)
    active = rng.random(n) > 0.2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval, "BLOCK", block)
        rows, scores = Exact(vectors, active).nearest(queries, k)
    assert rows.shape == scores.shape == (3, k)
    for q in range(3):
        every = np.where(active, vectors @ queries[q], -np.inf)
        best = np.sort(every[active])[::-1][:k]
        found = rows[q][rows[q] >= 0]
        assert len(found) == len(best)
        assert np.allclose(every[found], best, atol=1e-5)
        assert (np.diff(scores[q][: len(best)]) <= 0).all()
