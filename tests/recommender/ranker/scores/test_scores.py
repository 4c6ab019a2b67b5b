"""Each score keeps the contract and says what it is for."""

from dataclasses import replace

import numpy as np
from tests.contracts.score import ScoreContract, models, state
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import event, fan_of_topic, query, state_of, watched
from tests.snapshots import NOW, reel_name

from reels.core.keys import key_of, keys_of
from reels.core.policy import Policy
from reels.core.types import EventKind, Floats, UserState
from reels.recommender.local import local_popularity
from reels.recommender.models import Models
from reels.recommender.ranker.scores.cf import Cf
from reels.recommender.ranker.scores.content import Content
from reels.recommender.ranker.scores.exploration import Exploration
from reels.recommender.ranker.scores.new_creator import NewCreator
from reels.recommender.ranker.scores.popularity import Popularity
from reels.recommender.ranker.scores.trending import Trending
from reels.recommender.stages import Score
from reels.recommender.viewer import viewer_of

__all__ = ["models", "state"]


def all_of(one: Score, state: UserState, models: Models) -> Floats:
    rows = np.arange(models.n, dtype=np.int32)
    return one.score(query(), viewer_of(state, models), models, Policy(), rows)


class TestContent(ScoreContract):
    def make(self) -> Score:
        return Content()

    def test_the_liked_topic_scores_highest(self) -> None:
        scores, topics = all_of(Content(), fan_of_topic(1), plain()), plain().topics
        assert np.nanmean(scores[topics == 1]) > 3 * np.nanmean(scores[topics != 1])

    def test_not_interested_pushes_its_neighbourhood_down(self) -> None:
        fan = [watched(reel_name(1 + 8 * i), at=NOW - 900 + i) for i in range(2, 8)]
        refusal = event(EventKind.NOT_INTERESTED, reel_name(1 + 8 * 20), NOW - 10)
        near = plain().topics == 1
        before, after = (all_of(Content(), state_of(events), plain()) for events in (fan, [*fan, refusal]))
        assert np.nanmean(after[near]) < 0.8 * np.nanmean(before[near])

    def test_dislikes_alone_push_too(self) -> None:
        refused = [event(EventKind.NOT_INTERESTED, reel_name(6 + 8 * i), NOW - 10 - i) for i in range(2, 6)]
        scores = all_of(Content(), state_of(refused), plain())
        assert np.nanmean(scores[plain().topics == 6]) < np.nanmean(scores[plain().topics != 6])

    def test_no_opinion_while_cold_and_without_a_vector(self) -> None:
        assert np.isnan(all_of(Content(), state_of(), plain())).all()
        blank = ~plain().snapshot.content.known()
        assert np.isnan(all_of(Content(), fan_of_topic(1), plain())[blank]).all()
        assert blank.any()


class TestCf(ScoreContract):
    def make(self) -> Score:
        return Cf()

    def test_neighbours_score_highest(self) -> None:
        scores, topics = all_of(Cf(), fan_of_topic(1), plain()), plain().topics
        assert np.nanmean(scores[topics == 1]) > 2 * np.nanmean(scores[topics != 1])

    def test_no_opinion_of_a_new_reel_but_of_a_changed_one(self) -> None:
        scores = all_of(Cf(), fan_of_topic(1), with_tail())
        rows = with_tail().rows_of(keys_of(["t0", reel_name(8)]))
        assert np.isnan(scores[rows[0]])
        assert not np.isnan(scores[rows[1]])

    def test_the_newest_event_counts_most(self) -> None:
        first, second = (
            state_of([watched(reel_name(3), at=NOW - a), watched(reel_name(4), at=NOW - b)])
            for a, b in ((100, 50), (50, 100))
        )
        topics = plain().topics
        for viewer, newest, older in ((first, 4, 3), (second, 3, 4)):
            scores = np.nan_to_num(all_of(Cf(), viewer, plain()))
            assert scores[topics == newest].sum() > scores[topics == older].sum()


class TestPopularity(ScoreContract):
    def make(self) -> Score:
        return Popularity()

    def test_the_viewers_region_counts(self) -> None:
        here = all_of(Popularity(), state_of(region="US", language=""), plain())
        anywhere = all_of(Popularity(), state_of(region="", language=""), plain())
        assert ((here >= anywhere * 0.99) == (plain().regions == 1)).all()


class TestExploration(ScoreContract):
    def make(self) -> Score:
        return Exploration()

    def test_of_two_that_promise_alike_the_less_shown_and_newer_scores_more(self) -> None:
        models, state = plain(), state_of()
        every = np.arange(models.n, dtype=np.int32)
        unknown = all_of(Exploration(), state, models) / local_popularity(models, state, every)
        untried = models.impressions == 0
        assert unknown[untried].min() > unknown[~untried].max()

    def test_of_two_equally_unknown_the_one_that_promises_more_scores_more(self) -> None:
        models = plain()
        same = replace(models, impressions=np.zeros_like(models.impressions), published=np.full(models.n, NOW - 60))
        scores = all_of(Exploration(), state_of(), same)
        every = np.arange(models.n, dtype=np.int32)
        promise = local_popularity(models, state_of(), every)
        assert np.array_equal(np.argsort(scores, kind="stable"), np.argsort(promise, kind="stable"))


class TestTrending(ScoreContract):
    is_boost = True

    def make(self) -> Score:
        return Trending()

    def test_is_the_live_signal(self) -> None:
        scores = all_of(Trending(), state_of(), with_tail())
        assert (
            scores[with_tail().rows_of(keys_of([reel_name(12), "t2"]))].tolist()
            == np.array([0.9, 0.5], np.float32).tolist()
        )
        assert (scores > 0).sum() == 2


class TestNewCreator(ScoreContract):
    is_boost = True

    def make(self) -> Score:
        return NewCreator()

    def test_falls_with_impressions_until_the_trial_is_over(self) -> None:
        models = with_tail()
        scores = all_of(NewCreator(), state_of(), models)
        rows = models.rows_of(keys_of(["t0", "t1"]))
        assert scores[rows].tolist() == np.array([0.6, 1.0], np.float32).tolist()
        assert (scores[models.impressions >= 100] == 0).all()

    def test_an_established_creator_gets_none(self) -> None:
        models = with_tail()
        assert all_of(NewCreator(), state_of(), models)[models.keys == key_of(reel_name(8))].max() == 0
