"""The page: caps, spread, and chance with the propensities it reports."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.selection import NONE_ABOVE, SelectionContract, board_of, models
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import query
from tests.snapshots import NOW

from reels.core.policy import Policy
from reels.core.types import Rows
from reels.learning.codes import Codes
from reels.recommender.models import Models
from reels.recommender.newcomers import ENOUGH
from reels.recommender.selection.page import Newest, Page
from reels.recommender.stages import Pick, Selection
from reels.recommender.trials import under_trial

__all__ = ["models"]


class TestPage(SelectionContract):
    def make(self) -> Selection:
        return Page()


class TestNewest(SelectionContract):
    def make(self) -> Selection:
        return Newest()

    def test_newest_first(self) -> None:
        rows = np.arange(plain().n, dtype=np.int32)
        picked = plain().published[rows[[pick.index for pick in self.pick(plain(), rows, 50)]]]
        assert (np.diff(picked) <= 0).all()


def pick(
    models: Models, rows: Rows, policy: Policy, limit: int = 10, above: Rows = NONE_ABOVE, seed: int = 0
) -> list[Pick]:
    rng = np.random.default_rng(seed)
    return Page().pick(query(limit=limit), models, policy, rows, board_of(rows, seed), above, rng)


def most_in_ten(values: np.ndarray) -> int:
    return max((Counter(values[i : i + 10].tolist()).most_common(1)[0][1] for i in range(len(values))), default=0)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 390), epsilon=st.sampled_from([0.0, 0.15, 1.0]))
def test_no_more_than_two_of_a_creator_in_any_ten_places(seed: int, n: int, epsilon: float) -> None:
    models = with_tail()
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(models.active))[:n].astype(np.int32)
    above, rest = rows[: n // 8], rows[n // 8 :]
    shown = rest[[one.index for one in pick(models, rest, Policy(epsilon=epsilon), 30, above, seed)]]
    assert most_in_ten(models.creators[shown]) <= 2
    assert len(np.unique(models.duplicates[shown])) == len(shown)


def test_the_creator_cap_reaches_over_the_page_border() -> None:
    models = plain()
    rows = np.flatnonzero(models.active).astype(np.int32)
    of_one = rows[models.creators[rows] == models.creators[rows[0]]]
    shown = rows[[one.index for one in pick(models, np.setdiff1d(rows, of_one[:2]), Policy(), 9, of_one[:2])]]
    picked = np.setdiff1d(rows, of_one[:2])[
        [one.index for one in pick(models, np.setdiff1d(rows, of_one[:2]), Policy(), 8, of_one[:2])]
    ]
    assert models.creators[of_one[0]] not in models.creators[picked]
    assert len(shown) == 9


def test_topics_are_spread_while_others_are_left() -> None:
    models = plain()
    rows = np.flatnonzero(models.active).astype(np.int32)
    total = (models.topics[rows] == 3).astype(np.float32) + 0.1
    board = replace(board_of(rows), total=total)
    policy = Policy(epsilon=0, max_per_topic=4)
    picks = Page().pick(query(), models, policy, rows, board, NONE_ABOVE, np.random.default_rng(0))
    topics = models.topics[rows[[one.index for one in picks]]]
    assert (topics == 3).sum() == 4
    only = rows[models.topics[rows] == 3]
    assert len(pick(models, only, Policy(epsilon=0))) == 10, "the cap gives way when nothing else is left"


def test_reels_of_unknown_creators_are_not_capped() -> None:
    models = replace(plain(), creators=np.zeros(plain().n, np.int64))
    assert len(pick(models, np.arange(60, dtype=np.int32), Policy())) == 10


def test_a_page_is_never_empty_while_reels_are_left() -> None:
    models = plain()
    of_one = np.flatnonzero((models.creators == models.creators[0]) & models.active).astype(np.int32)
    assert len(pick(models, of_one[2:], Policy(), above=of_one[:2])) == 1


def test_diversity_0_is_by_score_alone() -> None:
    models, rows = plain(), np.flatnonzero(plain().active).astype(np.int32)
    policy = Policy(epsilon=0, diversity=0, max_per_creator=10, max_per_topic=10)
    picks = [one.index for one in pick(models, rows, policy)]
    assert picks == np.argsort(-board_of(rows).total, kind="stable")[:10].tolist()


def test_diversity_lowers_the_likeness_within_a_page() -> None:
    models, rows = plain(), np.flatnonzero(plain().active).astype(np.int32)

    def likeness(diversity: float) -> float:
        policy = Policy(epsilon=0, diversity=diversity, max_per_topic=10)
        vectors = models.content(rows[[one.index for one in pick(models, rows, policy)]])
        return float(np.triu(vectors @ vectors.T, 1).sum())

    assert likeness(0.7) < likeness(0.0)


@pytest.mark.parametrize("with_trials", [True, False])
def test_reported_propensities_are_the_frequencies(with_trials: bool) -> None:
    """12 reels, three places, 40,000 pages: P(place is this reel | the page above) against what was reported."""
    models = with_tail() if with_trials else plain()
    pool = models.rows_of(models.keys[models.tail_rows]) if with_trials else np.empty(0, np.int32)
    rows = np.concatenate([pool[models.active[pool]][:4], np.flatnonzero(models.active)[:8]]).astype(np.int32)
    board, policy = board_of(rows), Policy(epsilon=0.4)
    above: Counter[tuple[int, ...]] = Counter()
    shown: Counter[tuple[int, ...]] = Counter()
    reported: dict[tuple[int, ...], float] = {}
    for seed in range(40_000):
        picks = Page().pick(query(limit=3), models, policy, rows, board, NONE_ABOVE, np.random.default_rng(seed))
        for place in range(3):
            path = tuple(one.index for one in picks[: place + 1])
            above[path[:-1]] += 1
            shown[path] += 1
            assert reported.setdefault(path, picks[place].propensity) == picks[place].propensity
    checked = 0
    for path, count in shown.items():
        n = above[path[:-1]]
        if n < 2000:
            continue
        p = reported[path]
        assert abs(count / n - p) < 4.5 * np.sqrt(p * (1 - p) / n) + 1e-4, (path, count / n, p)
        checked += 1
    assert checked > 20
    assert sum(p for path, p in reported.items() if len(path) == 1) == pytest.approx(1.0)


def test_the_share_of_explored_places_is_epsilon() -> None:
    models, rows = plain(), np.flatnonzero(plain().active).astype(np.int32)
    explored = [one.explored for seed in range(400) for one in pick(models, rows, Policy(epsilon=0.15), seed=seed)]
    assert 0.13 < np.mean(explored) < 0.17


def test_reels_under_trial_do_not_crowd_out_the_tried_ones() -> None:
    models = with_tail()
    rows = np.flatnonzero(models.active).astype(np.int32)
    on_trial = under_trial(models, Policy(), rows, NOW) > 0
    assert on_trial.sum() > 3
    board = replace(board_of(rows), total=np.where(on_trial, 1.0, 0.5).astype(np.float32))
    policy = Policy(epsilon=0, diversity=0, max_per_creator=10, max_per_topic=10)
    picks = Page().pick(query(), models, policy, rows, board, NONE_ABOVE, np.random.default_rng(0))
    assert [bool(on_trial[one.index]) for one in picks] == [True, True] + [False] * 8
    only = rows[on_trial]
    assert len(pick(models, only, policy)) == min(len(only), 10), "the cap gives way when nothing else is left"
    above = only[:2]
    after = Page().pick(query(limit=5), models, policy, rows, board, above, np.random.default_rng(0))
    assert not any(on_trial[one.index] for one in after), "what stands on the page above counts"


def test_of_any_ten_places_some_are_kept_for_reels_under_trial() -> None:
    models = with_tail()
    rows = np.flatnonzero(models.active).astype(np.int32)
    on_trial = under_trial(models, Policy(), rows, NOW) > 0
    order = np.linspace(0.0, 0.1, len(rows), dtype=np.float32)
    board = replace(board_of(rows), total=np.where(on_trial, order, order + 0.5))
    policy = Policy(epsilon=0, diversity=0, max_per_creator=10, max_per_topic=10, reserved_on_trial=1)
    picks = Page().pick(query(limit=20), models, policy, rows, board, NONE_ABOVE, np.random.default_rng(0))
    places = [place for place, one in enumerate(picks) if on_trial[one.index]]
    assert places == [9, 19], "the tenth place of each ten"
    assert picks[9].index == np.flatnonzero(on_trial)[-1], "the best of them"
    assert all(one.propensity == 1.0 for one in picks)
    above = rows[[one.index for one in picks]][-9:]
    left = np.setdiff1d(np.arange(len(rows)), [one.index for one in picks])
    kept = replace(board, total=board.total[left])
    more = Page().pick(query(limit=10), models, policy, rows[left], kept, above, np.random.default_rng(0))
    assert [place for place, one in enumerate(more) if on_trial[left][one.index]] == [9], "over the page border"
    tried = rows[~on_trial]
    assert len(pick(models, tried, policy)) == 10, "kept only while there are any"


def test_places_are_kept_for_reels_nobody_took_to_whoever_made_them() -> None:
    models = plain()
    every: Rows = np.arange(models.n, dtype=np.int32)
    rows: Rows = every[models.active & (under_trial(models, Policy(), every, NOW) == 0)]
    factors, impressions = models.snapshot.factors, models.impressions.copy()
    scales = factors.scales.copy()
    scales[rows[:20]] = 0
    impressions[rows[:20]] = 3
    snapshot = replace(models.snapshot, factors=Codes(factors.codes, scales))
    models = replace(models, snapshot=snapshot, impressions=impressions)
    total = np.where(np.arange(len(rows)) < 20, np.linspace(0.0, 0.1, len(rows)), 0.5).astype(np.float32)
    board = replace(board_of(rows), total=total)
    policy = Policy(epsilon=0, diversity=0.5, max_per_creator=10, max_per_topic=10)
    for kept in (0, 1, 2):
        asked = replace(policy, reserved_on_trial=kept)
        picks = Page().pick(query(), models, asked, rows, board, NONE_ABOVE, np.random.default_rng(0))
        new = [one.index for one in picks if one.index < 20]
        assert new == [19][:kept], "the tenth place, to the best of them by score alone"
    for least, expected in ((ENOUGH, [19]), (ENOUGH - 0.1, [])):
        promise = np.where(np.arange(len(rows)) < 20, least, np.nan).astype(np.float32)
        asked, told = replace(policy, reserved_on_trial=1), replace(board, promise=promise)
        picks = Page().pick(query(), models, asked, rows, told, NONE_ABOVE, np.random.default_rng(0))
        assert [one.index for one in picks if one.index < 20] == expected, "if it promises enough"
