"""Carrying results over to a newer catalogue."""

import numpy as np
import pytest

from reels.learning import snapshot
from reels.learning.assembly import carried_group, carried_rows, carried_table, creator_totals
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


def test_a_group_is_carried_by_its_dimensions(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = {
        "seen": ("float32", ("ages", "n")),
        "ages": ("float32", ("ages",)),
        **{f"near_{part}": ("", (f"near_{part}",)) for part in ("indptr", "indices", "codes", "scales")},
    }
    monkeypatch.setitem(snapshot.GROUPS, "paint", shapes)
    monkeypatch.setitem(snapshot.NEIGHBOURS, "paint", ("near",))
    arrays = {
        "keys": np.array([10, 20, 30]),
        "seen": np.array([[1, 2, 3]], np.float32),
        "ages": np.array([7], np.float32),
        "near_indptr": np.array([0, 1, 2, 2]),
        "near_indices": np.array([2, 0], np.int32),
        "near_weights": np.array([0.9, 0.5], np.float32),
    }
    moved = carried_group("paint", arrays, np.array([5, 10, 30]))
    assert set(moved) == set(shapes)
    assert moved["seen"].tolist() == [[0.0, 1.0, 3.0]]
    assert moved["ages"].tolist() == [7.0]
    assert moved["near_indptr"].tolist() == [0, 0, 1, 1]
    assert moved["near_indices"].tolist() == [2]
    assert moved["near_scales"] * 255 == pytest.approx([0.0, 0.9, 0.0])
