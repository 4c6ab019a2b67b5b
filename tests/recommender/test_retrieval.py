from pathlib import Path

import numpy as np
import pytest
from tests.contracts.retrieval import RetrievalContract, unit
from tests.snapshots import make_snapshot

from reels.core.types import Floats, Mask, Rows
from reels.learning.codes import Codes
from reels.learning.index import IndexConfig, fit_index, indexed
from reels.learning.snapshot import open_snapshot, write
from reels.recommender import retrieval
from reels.recommender.retrieval import Exact, Inverted, Retrieval, retrieval_of


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


class TestInverted(RetrievalContract):
    """With every list probed: the contract asks for the exact answer, `learning.index` measures what fewer find."""

    def make(self, vectors: Floats, active: Mask) -> Retrieval:
        fitted = fit_index(Codes.of(vectors), active, IndexConfig(fewest=1, queries=5))
        if not len(fitted.packed):
            return Exact(vectors, active)
        return Inverted(fitted.packed, Codes.of(vectors), 1000)


def test_one_block_or_many_is_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, active = unit(500, 5), np.random.default_rng(5).random(500) > 0.3
    whole = Exact(vectors, active).nearest(vectors[:4], 50)[0]
    monkeypatch.setattr(retrieval, "BLOCK", 33)
    np.testing.assert_array_equal(Exact(vectors, active).nearest(vectors[:4], 50)[0], whole)


def test_a_snapshot_is_searched_by_its_index_straight_from_its_file(tmp_path: Path) -> None:
    plain = make_snapshot(400)
    snapshot = open_snapshot(write(tmp_path, indexed(plain, IndexConfig(fewest=1, at=50, queries=20))))
    found = retrieval_of(snapshot)
    assert isinstance(found, Inverted)
    assert isinstance(retrieval_of(plain), Exact)
    rows, _ = found.nearest(snapshot.content[:20], 50)
    truth, _ = retrieval_of(plain).nearest(snapshot.content[:20], 50)
    assert np.mean([np.isin(true, ours).mean() for true, ours in zip(truth, rows, strict=True)]) > 0.9
