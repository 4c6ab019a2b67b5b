"""Lists of rows brought together."""

import numpy as np

from reels.recommender.meeting import first_met
from reels.recommender.membership import ascending, in_either


def test_each_row_once_where_it_was_first_met_with_everybodys_bits() -> None:
    rows = np.array([5, 3, 5, 0, 3, 9], np.int32)
    bits = np.array([1, 2, 4, 8, 1 << 31, 16], np.uint32)
    distinct, merged = first_met(rows, bits)
    assert distinct.tolist() == [5, 3, 0, 9]
    assert merged.tolist() == [5, 2 | 1 << 31, 8, 16]


def test_nothing_and_many() -> None:
    assert [len(one) for one in first_met(np.empty(0, np.int32), np.empty(0, np.uint32))] == [0, 0]
    rows = np.random.default_rng(1).integers(0, 1_000_000, 5000).astype(np.int32)
    distinct, _ = first_met(rows, np.ones(5000, np.uint32))
    assert distinct.tolist() == list(dict.fromkeys(rows.tolist()))


def test_keys_in_either_of_two_sets() -> None:
    rng = np.random.default_rng(2)
    keys = rng.integers(-50, 50, 40)
    rows = rng.permutation(40).astype(np.int32)
    for seen, served in ((rng.integers(-50, 50, 20), rng.integers(-50, 50, 9)), (keys[:0], keys[:0]), (keys, keys[:0])):
        found = in_either(keys, rows, ascending(seen), ascending(served))
        assert found.tolist() == np.isin(keys[rows], np.concatenate([seen, served])).tolist()


def test_ascending_keys_each_once() -> None:
    keys = np.random.default_rng(3).integers(-9, 9, 60)
    assert ascending(keys).tolist() == np.unique(keys).tolist()
    assert ascending(keys[:0]).tolist() == []
