"""EASE as a table: the largest entries of the closed form."""

import numpy as np
import pytest

from reels.learning import ease as module
from reels.learning.ease import ease, ease_weights
from reels.learning.interactions import Histories


def histories(seed: int = 0, users: int = 60, n: int = 12) -> Histories:
    rng = np.random.default_rng(seed)
    lists = [np.sort(rng.choice(n, 4, replace=False)) for _ in range(users)]
    rows = np.concatenate(lists).astype(np.int32)
    return Histories(np.arange(0, 4 * users + 1, 4), rows, np.ones(len(rows), np.float32), np.zeros(len(rows)), n)


def dense(made: Histories, penalty: float) -> np.ndarray:
    x = np.zeros((len(made.indptr) - 1, made.n))
    x[np.repeat(np.arange(len(x)), np.diff(made.indptr)), made.rows] = 1
    p = np.linalg.inv(x.T @ x + penalty * np.eye(made.n))
    b = -p / np.diag(p)
    np.fill_diagonal(b, 0)
    return b


def test_it_is_the_closed_form() -> None:
    np.testing.assert_allclose(ease_weights(histories(), 5.0), dense(histories(), 5.0), atol=1e-5)


def test_the_table_keeps_the_largest_of_each_row() -> None:
    table, whole = ease(histories(), 3, regularization=5.0), dense(histories(), 5.0)
    for row in range(12):
        kept = table.indices[table.indptr[row] : table.indptr[row + 1]]
        best = [i for i in np.argsort(-whole[row])[:3] if whole[row, i] > 0]
        assert kept.tolist() == best
    assert table.weights.max() == 1.0
    assert table.weights.min() > 0


def test_reels_nobody_liked_change_nothing_for_the_others() -> None:
    made = histories()
    wide = Histories(made.indptr, 2 * made.rows + 1, made.weights, made.at, 30)
    narrow, found = ease(made, 3, regularization=5.0), ease(wide, 3, regularization=5.0)
    np.testing.assert_array_equal(found.indices, 2 * narrow.indices + 1)
    np.testing.assert_array_equal(found.weights, narrow.weights)
    lengths = np.diff(found.indptr)
    np.testing.assert_array_equal(lengths[1:24:2], np.diff(narrow.indptr))
    assert len(lengths) == 30
    assert lengths.sum() == len(found.indices)


def test_a_large_catalogue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REELS", 11)
    with pytest.raises(ValueError, match="EASE takes at most 11"):
        ease(histories(), 3)
