"""Each filter keeps the contract and drops what it is for."""

import numpy as np
from tests.contracts.filter import FilterContract, models, state
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import mixed, query, state_of, watched
from tests.snapshots import reel_name

from reels.core.keys import NO_KEYS, Keys, key_of, keys_of
from reels.core.types import UserState
from reels.recommender.filters.blocked import Blocked
from reels.recommender.filters.inactive import Inactive
from reels.recommender.filters.near_duplicate import NearDuplicate
from reels.recommender.filters.not_interested import NotInterested
from reels.recommender.filters.seen import Seen
from reels.recommender.models import Models
from reels.recommender.stages import Filter
from reels.recommender.viewer import viewer_of

__all__ = ["models", "state"]


def dropped(one: Filter, state: UserState, models: Models, seen: Keys = NO_KEYS, served: Keys = NO_KEYS) -> Keys:
    rows = np.arange(models.n, dtype=np.int32)
    return models.keys[~one.keep(query(), viewer_of(state, models, seen, served), models, rows)]


class TestSeen(FilterContract):
    def make(self) -> Filter:
        return Seen()

    def test_drops_what_was_seen_and_what_was_served(self) -> None:
        seen, served = keys_of(["r00003", "elsewhere"]), keys_of(["r00005"])
        assert set(dropped(Seen(), state_of(), plain(), seen, served)) == set(keys_of(["r00003", "r00005"]))


class TestBlocked(FilterContract):
    def make(self) -> Filter:
        return Blocked()

    def test_drops_every_reel_of_a_blocked_creator(self) -> None:
        gone = dropped(Blocked(), mixed(), plain())
        assert set(gone.tolist()) == set(plain().keys[plain().creators == key_of("c010")].tolist())
        assert len(gone) == 10


class TestNotInterested(FilterContract):
    def make(self) -> Filter:
        return NotInterested()

    def test_drops_what_was_refused(self) -> None:
        assert dropped(NotInterested(), mixed(), plain()).tolist() == [key_of(reel_name(62))]


class TestInactive(FilterContract):
    def make(self) -> Filter:
        return Inactive()

    def test_drops_blocked_reels_and_old_versions(self) -> None:
        gone = set(dropped(Inactive(), state_of(), with_tail())) - set(dropped(Inactive(), state_of(), plain()))
        assert gone == set(keys_of([reel_name(8), reel_name(9)])), "the old row of 8, both rows of 9"


class TestNearDuplicate(FilterContract):
    def make(self) -> Filter:
        return NearDuplicate()

    def test_drops_the_twin_of_what_was_watched(self) -> None:
        assert key_of(reel_name(1)) in dropped(NearDuplicate(), state_of([watched(reel_name(0))]), plain())

    def test_drops_the_twin_of_what_was_served(self) -> None:
        assert key_of(reel_name(1)) in dropped(NearDuplicate(), state_of(), plain(), served=keys_of([reel_name(0)]))

    def test_leaves_the_rest(self) -> None:
        assert len(dropped(NearDuplicate(), state_of(), plain())) == 0
