"""Carrying results over to a newer catalogue."""

import numpy as np

from reels.learning.assembly import carried_rows, carried_table, creator_totals
from reels.learning.snapshot import Neighbours


def test_rows_follow_their_keys() -> None:
    values = np.array([[1.0], [2.0], [3.0]], np.float32)
    moved = carried_rows(values, np.array([10, 20, 30]), np.array([5, 10, 30]))
    assert moved.tolist() == [[0.0], [1.0], [3.0]]


def test_neighbours_follow_their_keys_and_lost_ones_go() -> None:
    table = Neighbours(
        np.array([0, 2, 3, 4]), np.array([2, 1, 0, 1], np.int32), np.array([0.9, 0.5, 0.4, 0.3], np.float32)
    )
    moved = carried_table(table, np.array([10, 20, 30]), np.array([5, 10, 30]))
    assert moved.indptr.tolist() == [0, 0, 1, 1]
    assert moved.indices.tolist() == [2]
    assert moved.weights.tolist() == [np.float32(0.9)]
    assert carried_table(table, np.array([10, 20, 30]), np.array([10, 20, 30])) is table


def test_creator_totals_leave_unknown_creators_alone() -> None:
    creators = np.array([7, 8, 7, 0, 0])
    assert creator_totals(creators, np.array([1, 2, 3, 4, 5]), 0).tolist() == [4, 2, 4, 4, 5]
    assert len(creator_totals(np.empty(0, np.int64), np.empty(0, np.int64), 0)) == 0
