"""Shares of the sources: whoever finds answers that nobody else has named gets the places."""

from dataclasses import replace

import numpy as np
from tests.recommender.models_in_use import plain
from tests.recommender.viewers import fan_of_topic, mixed, query
from tests.snapshots import NOW

from reels.core.policy import LEARNED, Policy
from reels.core.types import Rows
from reels.learning.interactions import Interactions
from reels.learning.workbench import Arrays
from reels.recommender.models import build
from reels.recommender.ranker.examples import Answers, shares_from, with_shares
from reels.recommender.shares import GROUP, LEAST, Asked, learned_shares, shares_of
from reels.recommender.standard import generators
from reels.recommender.viewer import viewer_of


def rows(first: int, count: int = 400) -> Rows:
    return np.arange(first, first + count, dtype=np.int32)


def given(names: list[str], requests: list[Asked], places: int = 100) -> dict[str, float]:
    snapshot = replace(plain().snapshot, groups={GROUP: learned_shares(names, requests, places)})
    return dict(shares_of(snapshot))


def test_who_finds_the_answers_gets_the_places() -> None:
    wanted = np.array([1005, 1030, 1055], np.int32)
    found = given(["idle", "finds"], [([rows(0), rows(1000)], wanted)] * 3)
    assert found["idle"] == LEAST
    assert found["finds"] >= 60


def test_of_two_who_name_the_same_reels_one_is_enough() -> None:
    wanted = np.array([1005, 2005], np.int32)
    found = given(["one", "same", "other"], [([rows(1000), rows(1000), rows(2000)], wanted)] * 3)
    assert sorted((found["one"], found["same"]))[0] == LEAST
    assert found["other"] >= 20


def test_answers_far_down_are_reached_over_steps_without_any() -> None:
    found = given(["deep"], [([rows(1000)], np.array([1070], np.int32))])
    assert found["deep"] == 80


def test_without_requests_or_answers_everybody_keeps_the_least() -> None:
    assert given(["a", "b"], []) == {"a": LEAST, "b": LEAST}
    assert given(["a", "b"], [([rows(0), rows(9)], np.array([7777], np.int32))]) == {"a": LEAST, "b": LEAST}


def test_the_learned_policy_asks_by_them_and_the_blend_does_not() -> None:
    generator = generators()["for_you"]
    names = [one.source.name for one in generator.shares]
    places = np.where(np.array(names) == "content", 400.0, LEAST).astype(np.float32)
    shares: Arrays = {"sources": np.frombuffer("\n".join(names).encode(), np.uint8), "places": places}
    models, more = plain(), with_shares(plain(), shares)
    viewer = viewer_of(mixed(), models)
    learned = replace(LEARNED, candidates=60)

    def of_content(policy: Policy, models: object) -> int:
        found = generator.build(query(), viewer, models, policy)  # type: ignore[arg-type]
        return int((found.found_by >> names.index("content") & 1).sum())

    assert of_content(learned, more) > of_content(learned, models) + 10
    assert of_content(Policy(candidates=60), more) == of_content(Policy(candidates=60), models)


def test_shares_of_other_sources_are_not_looked_at() -> None:
    generator, models = generators()["for_you"], plain()
    other: Arrays = {"sources": np.frombuffer(b"gone\nnew", np.uint8), "places": np.array([400.0, 5.0], np.float32)}
    viewer = viewer_of(fan_of_topic(2), models)
    one = generator.build(query(), viewer, models, LEARNED)
    two = generator.build(query(), viewer, with_shares(models, other), LEARNED)
    np.testing.assert_array_equal(one.keys, two.keys)
    np.testing.assert_array_equal(one.found_by, two.found_by)


def test_they_are_learnt_from_what_came_after() -> None:
    models = build(plain().snapshot)
    liked = np.flatnonzero((models.topics == 1) & models.active)[:12]
    users = 30
    pairs = Interactions(
        user_keys=np.arange(users, dtype=np.int64),
        indptr=np.arange(0, 12 * users + 1, 12),
        reels=np.tile(models.keys[liked], users),
        values=np.full(12 * users, 0.9, np.float32),
        watched=np.full(12 * users, np.nan, np.float32),
        kinds=np.zeros(12 * users, np.uint16),
        at=np.tile(NOW - 43_200.0 + 3600.0 * np.arange(12), users),
        events=12 * users,
    )
    last = np.zeros(12 * users, np.bool_)
    last[11::12] = True
    policy = replace(LEARNED, candidates=60)
    shares = shares_from(models, pairs, Answers(last, last, NOW), generators()["for_you"], seed=0, policy=policy)
    found = shares_of(with_shares(models, shares).snapshot)
    assert set(found) == {one.source.name for one in generators()["for_you"].shares}
    assert found["trending"] == found["following"] == LEAST
    assert max(found["content"], found["item_cf"], found["watched_next"], found["factorization"]) > LEAST
