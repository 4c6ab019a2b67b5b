import numpy as np
import pytest
from tests.contracts.retrieval import RetrievalContract, unit

from reels.core.types import Floats, Mask, Rows
from reels.recommender import retrieval
from reels.recommender.retrieval import Exact, Retrieval


class TestExact(RetrievalContract):
    def make(self, vectors: Floats, active: Mask) -> Retrieval:
        return Exact(vectors, active)


class InBlocks(Exact):
    """Seven rows at a time."""

    def nearest(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(retrieval, "BLOCK", 7)
            return super().nearest(queries, k)


class TestExactInBlocks(RetrievalContract):
    def make(self, vectors: Floats, active: Mask) -> Retrieval:
        return InBlocks(vectors, active)


def test_one_block_or_many_is_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, active = unit(500, 5), np.random.default_rng(5).random(500) > 0.3
    whole = Exact(vectors, active).nearest(vectors[:4], 50)[0]
    monkeypatch.setattr(retrieval, "BLOCK", 33)
    np.testing.assert_array_equal(Exact(vectors, active).nearest(vectors[:4], 50)[0], whole)
