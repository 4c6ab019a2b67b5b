"""Carrying results over to a newer catalogue."""

import numpy as np
import pytest
from numpy.typing import NDArray

from reels.core.types import Floats
from reels.learning import assembly, snapshot
from reels.learning.assembly import (
    FEWEST,
    PER_LIKE,
    carried_group,
    carried_rows,
    carried_table,
    creator_totals,
    neighbours_worth,
    thinned,
)
from reels.learning.interactions import Interactions
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


def test_of_a_thinned_table_the_best_of_each_row_are_left() -> None:
    table = Neighbours(
        np.array([0, 3, 3, 5]), np.array([2, 1, 4, 0, 3], np.int32), np.array([0.9, 0.5, 0.4, 0.3, 0.1], np.float32)
    )
    few = thinned(table, np.array([2, 5, 1]))
    assert few.indptr.tolist() == [0, 2, 2, 3]
    assert few.indices.tolist() == [2, 1, 0]
    assert few.weights.tolist() == pytest.approx([0.9, 0.5, 0.3])
    assert thinned(table, np.array([3, 0, 2])) is thinned(table, None) is table


def test_in_a_large_catalogue_what_many_took_to_keeps_more_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = log(np.array([10, 10, 20, 99]), np.array([0.5, 0.9, -1.0, 0.9], np.float32))
    keys = np.array([10, 20])
    assert neighbours_worth(pairs, keys) is None
    monkeypatch.setattr(assembly, "LARGE", 1)
    assert neighbours_worth(pairs, keys).tolist() == [FEWEST + 2 * PER_LIKE, FEWEST]  # type: ignore[union-attr]


def log(reels: NDArray[np.int64], values: Floats) -> Interactions:
    n = len(reels)
    nothing = np.full(n, np.nan, np.float32)
    return Interactions(np.arange(n), np.arange(n + 1), reels, values, nothing, np.zeros(n, np.uint16), np.zeros(n))


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
