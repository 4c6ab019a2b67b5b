"""Where keys are: the same answer as a search, for every kind of key and column."""

import numpy as np
import pytest

from reels.recommender.key_places import directory_of, places_of

NOTHING = np.empty(0, np.int64)
NO_ROWS = np.empty(0, np.int32)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 255, 256, 5000])
def test_every_key_is_found_where_it_is_and_no_other(count: int) -> None:
    rng = np.random.default_rng(count)
    known = np.unique(rng.integers(-(2**63), 2**63 - 1, count))
    others = rng.integers(-(2**63), 2**63 - 1, 300)
    others = others[~np.isin(others, known)]
    directory = directory_of(known)
    order = rng.permutation(len(known))
    assert places_of(known, directory, NOTHING, NO_ROWS, known[order]).tolist() == order.tolist()
    assert set(places_of(known, directory, NOTHING, NO_ROWS, others).tolist()) <= {-1}


def test_the_ends_of_the_range_and_keys_that_share_a_bucket() -> None:
    known = np.array([-(2**63), -(2**63) + 1, -1, 0, 1, 2, 2**63 - 2, 2**63 - 1])
    found = places_of(known, directory_of(known), NOTHING, NO_ROWS, known)
    assert found.tolist() == list(range(8))


def test_the_newest_row_of_a_changed_reel_and_the_row_of_a_new_one() -> None:
    known = np.array([-5, 7, 9])
    late_keys, late_rows = np.array([7, 8]), np.array([4, 3], np.int32)
    found = places_of(known, directory_of(known), late_keys, late_rows, np.array([9, 8, 7, -5, 6]))
    assert found.tolist() == [2, 3, 4, 0, -1]
