"""Item-item tables against brute force."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.learning.logs import histories

from reels.learning.cf_matrix import DirectionalConfig, SymmetricConfig, directional, symmetric
from reels.learning.snapshot import Neighbours

N = 8
logs = st.lists(st.lists(st.integers(0, N - 1), max_size=7, unique=True), max_size=12)


def dense(table: Neighbours, n: int) -> np.ndarray:
    out = np.zeros((n, n))
    for row in range(n):
        span = slice(table.indptr[row], table.indptr[row + 1])
        out[row, table.indices[span]] = table.weights[span]
    return out


def scaled(sums: np.ndarray) -> np.ndarray:
    return sums / sums.max() if sums.max() > 0 else sums


def brute_symmetric(lists: list[list[int]], weights: list[list[float]], shrink: float) -> np.ndarray:
    together = np.zeros((N, N))
    for rows, strengths in zip(lists, weights, strict=True):
        for i, wi in zip(rows, strengths, strict=True):
            for j, wj in zip(rows, strengths, strict=True):
                together[i, j] += wi * wj
    norms = np.sqrt(np.diag(together))
    out = together / (np.outer(norms, norms) + shrink)
    np.fill_diagonal(out, 0)
    return out


def brute_directional(lists: list[list[int]], config: DirectionalConfig) -> np.ndarray:
    sums, counts = np.zeros((N, N)), np.zeros(N)
    for rows in lists:
        for p, i in enumerate(rows):
            counts[i] += 1
            for q in range(p + 1, min(p + config.window + 1, len(rows))):
                sums[i, rows[q]] += (q - p) ** -config.decay
    norms = counts + config.smooth
    return sums / np.outer(norms**config.source_power, norms**config.target_power)


@settings(max_examples=60, deadline=None)
@given(logs, st.data())
def test_symmetric_equals_brute_force(lists: list[list[int]], data: st.DataObject) -> None:
    weights = [[data.draw(st.sampled_from([0.25, 0.5, 1.0])) for _ in one] for one in lists]
    table = symmetric(histories(lists, N, weights), N, SymmetricConfig(shrink=2.0), threads=2)
    np.testing.assert_allclose(dense(table, N), scaled(brute_symmetric(lists, weights, 2.0)), rtol=1e-5)


@settings(max_examples=60, deadline=None)
@given(logs, st.integers(1, 4))
def test_directional_equals_brute_force(lists: list[list[int]], window: int) -> None:
    config = DirectionalConfig(window=window)
    table = directional(histories(lists, N), N, config, threads=2)
    np.testing.assert_allclose(dense(table, N), scaled(brute_directional(lists, config)), rtol=1e-5)


@settings(max_examples=60, deadline=None)
@given(logs, st.integers(1, 4))
def test_the_best_k_stay_best_first_whatever_the_threads(lists: list[list[int]], k: int) -> None:
    made = histories(lists, N)
    whole, few, again = directional(made, N), directional(made, k, threads=1), directional(made, k, threads=3)
    np.testing.assert_array_equal(few.indices, again.indices)
    np.testing.assert_array_equal(few.weights, again.weights)
    for row in range(N):
        full = whole.weights[whole.indptr[row] : whole.indptr[row + 1]]
        kept = few.weights[few.indptr[row] : few.indptr[row + 1]]
        np.testing.assert_array_equal(kept, full[:k])
        assert (np.diff(full) <= 0).all()


def test_a_tie_at_the_end_does_not_push_a_better_one_out() -> None:
    table = directional(histories([[3, 0], [3, 1], [3, 2], [3, 2]], 4), 2)
    assert table.indices[table.indptr[3] : table.indptr[4]].tolist() == [2, 0]


def test_direction_is_kept() -> None:
    table = dense(directional(histories([[0, 1]] * 5, 2), 5), 2)
    assert table[0, 1] == 1
    assert table[1, 0] == 0


def test_popular_reels_are_not_everyones_neighbour() -> None:
    lists = [[0, 1, 2]] * 3 + [[0, i] for i in range(3, N)] * 4
    table = dense(symmetric(histories(lists, N), N, SymmetricConfig(shrink=0.0)), N)
    assert table[1, 2] > table[1, 0]


def test_no_pairs_give_an_empty_table() -> None:
    table = symmetric(histories([], 3), 5)
    assert table.indptr.tolist() == [0, 0, 0, 0]
    assert len(table.indices) == len(table.weights) == 0
    assert directional(histories([], 0), 5).indptr.tolist() == [0]
