"""Each source keeps the contract and finds what it is for."""

from dataclasses import replace

import numpy as np
from tests.contracts.source import SourceContract, models, state
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import event, fan_of_topic, query, state_of, watched
from tests.snapshots import NOW, reel_name

from reels.core.keys import key_of
from reels.core.policy import Policy
from reels.core.types import EventKind, Rows, UserState
from reels.learning.recency import HALF_LIVES_DAYS
from reels.recommender.candidates.content import Content
from reels.recommender.candidates.factorization import Factorization
from reels.recommender.candidates.following import Following
from reels.recommender.candidates.fresh import Fresh, Latest
from reels.recommender.candidates.item_cf import also_watched, watched_next
from reels.recommender.candidates.new_creators import NewCreators
from reels.recommender.candidates.popular import Popular
from reels.recommender.candidates.recently_liked import RecentlyLiked
from reels.recommender.candidates.trending import Trending
from reels.recommender.models import Models, build
from reels.recommender.stages import Source
from reels.recommender.viewer import viewer_of

__all__ = ["models", "state"]


def find(source: Source, state: UserState, models: Models, limit: int = 30) -> Rows:
    return source.find(query(), viewer_of(state, models), models, Policy(), limit)


class TestContent(SourceContract):
    def make(self) -> Source:
        return Content()

    def test_two_interests_both_get_places(self) -> None:
        both = state_of(
            [watched(reel_name(1 + 8 * i), at=NOW - 900 + i) for i in range(2, 8)]
            + [watched(reel_name(4 + 8 * i), at=NOW - 500 + i) for i in range(2, 8)]
        )
        topics = plain().topics[find(Content(), both, plain())]
        assert (topics == 1).sum() >= 10
        assert (topics == 4).sum() >= 10

    def test_finds_new_reels_in_the_tail(self) -> None:
        found = with_tail().keys[find(Content(), fan_of_topic(1), with_tail())]
        assert key_of("t0") in found
        assert key_of("t1") in found
        assert key_of("t2") not in found, "it has no vector"

    def test_has_no_opinion_of_a_cold_viewer(self) -> None:
        assert len(find(Content(), state_of(), plain())) == 0


class TestAlsoWatched(SourceContract):
    def make(self) -> Source:
        return also_watched()

    def test_finds_neighbours_of_what_was_liked_only(self) -> None:
        models = plain()
        state = state_of([watched(reel_name(3), 1.0), watched(reel_name(4), 0.01)])
        row, disliked = (int(models.rows_of(np.array([key_of(reel_name(i))]))[0]) for i in (3, 4))
        table = models.snapshot.cf
        found = set(find(also_watched(), state, models, 100).tolist())
        assert found == {
            r for r in table.indices[table.indptr[row] : table.indptr[row + 1]].tolist() if models.active[r]
        }
        assert not found & set(table.indices[table.indptr[disliked] : table.indptr[disliked + 1]].tolist())

    def test_a_changed_reel_is_still_a_neighbour_in_its_newest_version(self) -> None:
        models, old = with_tail(), plain()
        changed = int(old.rows_of(np.array([key_of(reel_name(8))]))[0])
        table = old.snapshot.cf
        fans = [r for r in range(old.n) if changed in table.indices[table.indptr[r] : table.indptr[r + 1]]]
        title = old.reel(fans[0])["reel_id"]
        found = find(also_watched(), state_of([watched(title)]), models, 100)
        assert models.tail_rows[models.tail_keys == key_of(reel_name(8))][0] in found
        assert changed not in found


class TestWatchedNext(SourceContract):
    def make(self) -> Source:
        return watched_next()

    def test_the_newest_event_counts_most(self) -> None:
        models = plain()
        state = state_of([watched(reel_name(3), at=NOW - 100), watched(reel_name(4), at=NOW - 50)])
        topics = models.topics[find(watched_next(), state, models, 6)]
        assert (topics == 4).sum() > (topics == 3).sum()


class TestFactorization(SourceContract):
    def make(self) -> Source:
        return Factorization()

    def test_finds_mostly_what_is_like_the_history(self) -> None:
        topics = plain().topics[find(Factorization(), fan_of_topic(1), plain(), 10)]
        assert (topics == 1).mean() > 0.5


class TestRecentlyLiked(SourceContract):
    def make(self) -> Source:
        return RecentlyLiked()

    def test_what_is_liked_within_hours_and_within_days_takes_turns(self) -> None:
        base = plain().snapshot
        counts = np.zeros((5, len(base.keys)), np.float32)
        now, lately, inactive = np.flatnonzero(base.active)[[3, 7]].tolist() + np.flatnonzero(~base.active)[:1].tolist()
        counts[:, [now, lately, inactive]] = 1.0
        counts[0, now], counts[2, lately], counts[0, inactive] = 9.0, 9.0, 8.0
        recent = {"counts": counts, "half_lives": np.array(HALF_LIVES_DAYS, np.float32), "stage": counts[0]}
        groups = {name: one for name, one in base.groups.items() if name != "orders"}
        models = build(replace(base, groups={**groups, "recent": recent}))
        assert find(RecentlyLiked(), state_of(), models).tolist() == [now, lately]
        assert not len(find(RecentlyLiked(), state_of(), build(replace(base, groups=groups))))


class TestPopular(SourceContract):
    def make(self) -> Source:
        return Popular()

    def test_the_viewers_region_comes_first(self) -> None:
        models = plain()
        best_in_us = int(models.orders.popular_by_region[1][0])
        assert find(Popular(), state_of(region="US", language=""), models)[0] == best_in_us

    def test_elsewhere_the_most_popular_of_all(self) -> None:
        found = find(Popular(), state_of(region="", language=""), plain(), 5)
        active = np.where(plain().active, plain().popularity, -1)
        assert found.tolist() == np.argsort(-active, kind="stable")[:5].tolist()


class TestTrending(SourceContract):
    def make(self) -> Source:
        return Trending()

    def test_strongest_first_and_nothing_else(self) -> None:
        found = with_tail().keys[find(Trending(), state_of(), with_tail())]
        assert found.tolist() == [key_of(reel_name(12)), key_of("t2")]


class TestFresh(SourceContract):
    def make(self) -> Source:
        return Fresh()

    def test_new_reels_first(self) -> None:
        found = with_tail().keys[find(Fresh(), state_of(), with_tail(), 5)]
        assert set(found.tolist()) == {key_of(f"t{i}") for i in range(5)}


class TestLatest(SourceContract):
    def make(self) -> Source:
        return Latest()

    def test_newest_first(self) -> None:
        published = with_tail().published[find(Latest(), state_of(), with_tail(), 50)]
        assert (np.diff(published) <= 0).all()

    def test_what_is_dated_in_the_future_waits(self) -> None:
        early = query()
        past = type(early)(early.user_id, 10, NOW - 86_400.0 * 30, 1, early.feed_id)
        models = plain()
        found = Latest().find(past, viewer_of(state_of(), models), models, Policy(), 20)
        assert len(found) == 20
        assert (models.published[found] <= past.now).all()


class TestFollowing(SourceContract):
    def make(self) -> Source:
        return Following()

    def test_only_followed_creators_newest_first(self) -> None:
        models = plain()
        state = state_of([event(EventKind.FOLLOW, reel_name(9), NOW - 5, creator_id="c009")])
        found = find(Following(), state, models)
        assert set(models.creators[found].tolist()) == {key_of("c009")}
        assert len(found) >= 8
        assert (np.diff(models.published[found]) <= 0).all()


class TestNewCreators(SourceContract):
    def make(self) -> Source:
        return NewCreators()

    def test_only_creators_that_are_new_and_reels_that_are_not_tried(self) -> None:
        models = with_tail()
        found = find(NewCreators(), state_of(), models, 100)
        assert (models.impressions[found] < 100).all()
        assert {key_of(f"t{i}") for i in range(5)} <= set(models.keys[found].tolist())
        assert models.keys[found][-1] != key_of("t0") or models.impressions[found][-1] == 40
