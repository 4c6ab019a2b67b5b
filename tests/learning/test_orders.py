"""What is sorted once for each snapshot."""

from dataclasses import replace

import numpy as np
import pytest
from tests.snapshots import make_snapshot

from reels.learning import orders as module
from reels.learning.codes import Codes
from reels.learning.orders import head_arrays, order_arrays
from reels.learning.popularity import seen_from
from reels.recommender.orders import orders_of

MADE = make_snapshot(200)


def test_orders_fall_and_ties_are_in_row_order() -> None:
    tied = replace(MADE, popularity=np.round(MADE.popularity, 1))
    popular = order_arrays(tied)["popular"]
    values = tied.popularity[popular]
    assert (np.diff(values) <= 0).all()
    assert (np.diff(popular)[np.diff(values) == 0] > 0).all()
    assert sorted(popular.tolist()) == list(range(200))


@pytest.mark.parametrize("kept", [20_000, 30])
def test_a_place_has_its_own_first_as_far_as_they_are_kept(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", kept)
    by_region = order_arrays(MADE)["by_region"]
    assert by_region.shape == (3, min(kept, 200))
    for place, rows in enumerate(by_region):
        seen = seen_from(MADE.popularity, MADE.regions, MADE.region_best, place)
        np.testing.assert_array_equal(rows, np.argsort(-seen, kind="stable")[: len(rows)])


def test_a_creators_reels_are_found_without_looking_at_all() -> None:
    orders = orders_of(MADE)
    asked = np.array([MADE.creators[3], 12345, MADE.creators[0]])
    rows, counts = orders.reels_of(asked)
    expected = [np.flatnonzero(MADE.creators == one).tolist() for one in asked]
    assert counts.tolist() == [len(one) for one in expected]
    assert rows.tolist() == [row for one in expected for row in one]
    since = orders.since(asked)
    assert since[0] == MADE.published[MADE.creators == MADE.creators[3]].min()
    assert since[1] == np.inf


def test_the_head_is_all_with_factors_or_those_with_the_largest() -> None:
    factors = MADE.factors.floats().copy()
    factors[::3] = 0
    some = replace(MADE, factors=Codes.of(factors))
    whole, few = head_arrays(some), head_arrays(some, 20)
    assert whole["rows"].tolist() == np.flatnonzero(factors.any(axis=1)).tolist()
    sizes = np.linalg.norm(factors, axis=1)
    assert set(few["rows"].tolist()) == set(np.argsort(-sizes)[:20].tolist())
    assert (np.diff(few["rows"]) > 0).all()
    np.testing.assert_array_equal(few["codes"], some.factors.codes[few["rows"]])
