"""The learned ranker in the pipeline: features as in training, exact contributions, the blend where it can't."""

from dataclasses import replace

import numpy as np
import pytest
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import mixed, query
from tests.snapshots import make_snapshot

from reels.core.policy import LEARNED, Policy
from reels.core.types import FeedQuery, ServedFeed
from reels.core.user_state import digest
from reels.learning.codes import Codes
from reels.learning.interactions import Interactions
from reels.learning.ranker import Examples, RankerConfig, fit
from reels.learning.workbench import Arrays
from reels.recommender import replay
from reels.recommender.batch import Batch, BatchViewer
from reels.recommender.models import Models, build
from reels.recommender.newcomers import promises
from reels.recommender.pipeline import Computed, compute, kept
from reels.recommender.ranker.examples import Answers, answers_of, examples_of, state_of
from reels.recommender.ranker.features.columns import PARTS
from reels.recommender.ranker.features.standard import COLUMNS, NAMES, features
from reels.recommender.ranker.learned import Learned, selection
from reels.recommender.stages import PageInputs
from reels.recommender.standard import generators, pipelines
from reels.recommender.viewer import viewer_of

SNAPSHOT = make_snapshot(300, seed=5)
NOW = 1_750_000_000.0


def trained() -> Arrays:
    """Trees over the real columns, from made-up tables: what is like the newest liked reel is the answer."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(40 * 25, len(NAMES))).astype(np.float32)
    labels = np.zeros(len(table), np.uint8)
    telling = table[:, NAMES.index("like_last_1")] + 0.5 * table[:, NAMES.index("impressions")]
    labels[telling.reshape(40, 25).argmax(axis=1) + 25 * np.arange(40)] = 1
    parts = {name: np.abs(table[:, i]) for i, name in enumerate(("content", "cf", "popularity", "exploration"))}
    made = Examples(NAMES, table, labels, np.full(40, 25, np.int64), parts)
    return fit(made, RankerConfig(rounds=30, least_in_leaf=5))


@pytest.fixture(scope="module")
def models() -> Models:
    return build(replace(SNAPSHOT, groups={"ranker": trained()}))


def page(models: Models, policy: Policy, asked: FeedQuery) -> Computed:
    viewer, generator = viewer_of(mixed(), models), generators()["for_you"]
    built = generator.build(asked, viewer, models, policy)
    found = generator.at_request(built, asked, viewer, models, policy)
    inputs = PageInputs(asked, viewer, found.rows, found.found_by, generator.names, np.empty(0, np.int32))
    return compute(inputs, models, policy, pipelines()["for_you"])


def test_columns_have_distinct_names_and_known_parts() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {column.part for column in COLUMNS} <= set(PARTS)
    assert all(column.about for column in COLUMNS)


def test_training_sees_what_serving_sees() -> None:
    models, generator, pipeline = build(SNAPSHOT), generators()["for_you"], pipelines()["for_you"]
    pairs = history_of(models)
    last = np.zeros(len(pairs.reels), np.bool_)
    last[-1] = True
    found = Answers(last, last, NOW)
    made = examples_of(models, pairs, found, generator, pipeline, viewers=1, seed=0)
    assert made.sizes.tolist() == [len(made.labels)]
    assert made.labels.sum() == 1
    state, seen = state_of(pairs, 0, ~last)
    asked = FeedQuery(state.user_id, 10, NOW, 99, "f" * 32, explore=False)
    viewer = viewer_of(state, models, seen)
    built = generator.build(asked, viewer, models, LEARNED)
    rows = generator.at_request(built, asked, viewer, models, LEARNED).rows
    rows = rows[kept(asked, viewer, models, pipeline.filters, rows)]
    assert isinstance(pipeline.ranker, Learned)
    served = features(pipeline.ranker.moment(asked, viewer, models, LEARNED, rows))
    np.testing.assert_array_equal(made.table, served)
    assert models.keys[rows[made.labels > 0]].tolist() == [pairs.reels[-1]]


def test_a_share_of_the_others_is_learnt_from_with_the_features_they_have_among_all() -> None:
    models, generator, pipeline = build(SNAPSHOT), generators()["for_you"], pipelines()["for_you"]
    pairs = history_of(models)
    last = np.zeros(len(pairs.reels), np.bool_)
    last[-1] = True
    found = Answers(last, last, NOW)
    whole = examples_of(models, pairs, found, generator, pipeline, viewers=1, seed=0)
    some = examples_of(models, pairs, found, generator, pipeline, viewers=1, seed=0, share=0.3)
    assert some.labels.sum() == 1
    assert 0.1 < len(some.labels) / len(whole.labels) < 0.6
    rows = {row.tobytes() for row in whole.table}
    assert all(row.tobytes() in rows for row in some.table)
    assert (some.table[some.labels > 0] == whole.table[whole.labels > 0])[~np.isnan(some.table[some.labels > 0])].all()


def history_of(models: Models) -> Interactions:
    """One viewer who liked nine reels of topic 1, an hour apart, and skipped one."""
    rows = np.flatnonzero((models.topics == 1) & models.active)[:10]
    values = np.full(10, 0.9, np.float32)
    values[3] = -0.4
    return Interactions(
        user_keys=np.array([7], np.int64),
        indptr=np.array([0, 10], np.int64),
        reels=models.keys[rows],
        values=values,
        watched=np.full(10, np.nan, np.float32),
        kinds=np.zeros(10, np.uint16),
        at=np.array([NOW - 36_000.0 + 3600.0 * i for i in range(10)]),
        events=10,
    )


def test_answers_are_what_came_late_or_where_times_say_nothing_the_newest() -> None:
    one = history_of(build(SNAPSHOT))
    users = 40
    pairs = replace(
        one,
        user_keys=np.arange(users, dtype=np.int64),
        indptr=np.arange(0, 10 * users + 1, 10),
        reels=np.tile(one.reels, users),
        values=np.tile(one.values, users),
        watched=np.tile(one.watched, users),
        kinds=np.tile(one.kinds, users),
        at=np.arange(10.0 * users),
    )
    late = answers_of(pairs, NOW)
    assert late.timed
    assert late.hidden[late.answers].all()
    assert 0.01 < late.answers.sum() / (pairs.values > 0).sum() <= 0.07
    assert pairs.at[late.hidden].min() >= late.now
    lump = answers_of(replace(pairs, at=np.zeros(10 * users)), NOW)
    assert not lump.timed
    assert np.flatnonzero(lump.answers).tolist() == list(range(9, 10 * users, 10))


def test_contributions_and_boosts_add_up_to_the_score(models: Models) -> None:
    items = page(models, LEARNED, query(explore=False)).page.items
    assert len(items) == 10
    for item in items:
        assert sum(item.contributions.values()) + sum(item.boosts.values()) == pytest.approx(item.score, abs=2e-5)
        assert set(item.contributions) == set(PARTS)
        assert item.reasons
    assert any(item.contributions["content"] != 0 for item in items)


def test_without_trees_a_learned_policy_is_served_by_the_blend() -> None:
    bare, asked = build(SNAPSHOT), query(explore=False)
    blended = page(bare, replace(LEARNED, ranker="blend", name="learned"), asked).page
    learned = page(bare, LEARNED, asked).page
    assert {item.reel_id for item in blended.items} == {item.reel_id for item in learned.items}
    assert all(set(item.contributions) == {"content", "cf", "popularity", "exploration"} for item in learned.items)


def test_trees_over_columns_nobody_knows_are_not_used() -> None:
    assert selection(("content", "moon_phase")) is None
    assert selection(("cf", "content")) is not None


def test_the_documented_policy_does_not_look_at_the_trees(models: Models) -> None:
    asked = query(explore=False)
    assert page(models, Policy(), asked).page.items == page(build(SNAPSHOT), Policy(), asked).page.items


@pytest.mark.parametrize("policy", [Policy(), LEARNED], ids=["documented", "learned"])
def test_a_page_without_exploration_is_the_batch_answer(models: Models, policy: Policy) -> None:
    asked = FeedQuery("u", 10, NOW, 3, "a" * 32, explore=False)
    served = page(models, policy, asked).page
    batch = Batch(models, policy, pipelines()["for_you"], generators()["for_you"], NOW)
    (answer,) = batch.recommend([BatchViewer(mixed())], 10)
    assert answer.reel_ids == tuple(item.reel_id for item in served.items)
    assert answer.scores == tuple(item.score for item in served.items)


def test_the_same_inputs_give_the_same_bits(models: Models) -> None:
    assert page(models, LEARNED, query(seed=3)) == page(models, LEARNED, query(seed=3))


def test_reels_nobody_took_to_trade_places_by_what_they_promise_and_it_adds_up(models: Models) -> None:
    factors = models.snapshot.factors
    rows = np.flatnonzero(models.active).astype(np.int32)
    new = np.arange(0, len(rows), 3)
    scales = factors.scales.copy()
    scales[rows[new]] = 0
    impressions = models.impressions.copy()
    impressions[rows[new]] = 0
    models = replace(models, impressions=impressions)
    fewer = replace(models, snapshot=replace(models.snapshot, factors=Codes(factors.codes, scales)))
    viewer, ranker = viewer_of(mixed(), fewer), pipelines()["for_you"].ranker
    board = ranker.rank(query(), viewer, fewer, LEARNED, rows)
    promised = promises(viewer.evidence, fewer, rows[new])
    in_order = board.total[new[np.argsort(-promised, kind="stable")]]
    assert (np.diff(in_order) <= 0).all()
    at = [int(new[0]), int(new[5]), 1]
    owed, boosts = board.contributions(at), board.boosts
    total = sum(owed.values()) + sum(boosts[name][at] for name in boosts)
    np.testing.assert_allclose(total, board.total[at], atol=2e-5)


def test_the_penalty_takes_from_what_has_been_shown_most(models: Models) -> None:
    def shown(penalty: float) -> float:
        items = page(models, replace(LEARNED, popularity_penalty=penalty, diversity=0.0), query(explore=False)).page
        return float(np.log1p(models.impressions[[item.row for item in items.items]]).mean())

    assert shown(3.0) < shown(0.0)


@pytest.mark.parametrize("policy", [Policy(), LEARNED], ids=["documented", "learned"])
def test_a_page_of_either_policy_is_replayed_bit_for_bit(policy: Policy) -> None:
    """With reels, blocks and signals of then that the models at hand do not have."""
    then, now = with_tail(), plain()
    groups = {"ranker": trained()}
    then, now = (replace(one, snapshot=replace(one.snapshot, groups=groups)) for one in (then, now))
    asked, state = replace(query(limit=12), seed=19), mixed()
    viewer = viewer_of(state, then, state.history)
    generator = generators()["for_you"]
    built = generator.build(asked, viewer, then, policy)
    found = generator.at_request(built, asked, viewer, then, policy)
    inputs = PageInputs(asked, viewer, found.rows, found.found_by, generator.names, np.empty(0, np.int32), (), "d")
    page = compute(inputs, then, policy, pipelines()["for_you"]).page
    page = replace(page, state_digest=digest(state), next_cursor="c", timings_ms={})
    packed = replay.pack(replace(inputs, state_digest=digest(state)), then)
    assert replay.replay(ServedFeed(page, asked, packed), now, policy, pipelines()) == page
    assert any(item.row >= now.base for item in page.items) or policy.ranker == "learned"
