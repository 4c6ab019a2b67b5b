"""Lists of rows brought together."""

import numpy as np

from reels.recommender.meeting import first_met


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
