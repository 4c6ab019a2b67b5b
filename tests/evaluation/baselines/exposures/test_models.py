"""The models of exposures, on exposures whose answer follows from viewer, reel and surface."""

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.tiny import HOUR, NOW, catalogue, context, log

from reels.evaluation.baselines import BASELINES
from reels.evaluation.baselines.exposures.trees import rows_of
from reels.evaluation.log import Catalogue, Log
from reels.evaluation.protocol import run
from reels.evaluation.recommenders import Context, NotApplicable, PairScoring
from reels.evaluation.splits import exposures

NAMES = ("lightgbm-8", "lightgbm-37", "exposure-mix")


def liked_by_kind(viewers: int = 60, n: int = 24) -> tuple[Catalogue, Log, Context]:
    """Good reels are liked by most, each viewer likes one kind more, and on surface 2 hardly anything is liked."""
    rng = np.random.default_rng(3)
    reels = catalogue(n, creators=3)
    rows, surfaces = [], []
    for viewer in range(viewers):
        shown = rng.permutation(n)[:20]
        surface = rng.choice([1, 2], size=20)
        chance = 0.15 + 0.5 * (shown % 3 == viewer % 3) + 0.3 * (shown > n / 2) - 0.5 * (surface == 2)
        rows.append([(str(one + 1), bool(yes)) for one, yes in zip(shown, rng.random(20) < chance, strict=True)])
        surfaces += np.where(np.arange(20) < 8, -1, surface).tolist()
    made = replace(log(rows, reels), surface=np.array(surfaces, np.int16))
    return reels, made, context(reels, now=NOW + 16 * HOUR)


@pytest.mark.parametrize("name", NAMES)
def test_what_will_be_liked_is_told_apart(name: str) -> None:
    _, made, ready = liked_by_kind()
    outcome = run(BASELINES[name], exposures(made, NOW + 16 * HOUR), ready)
    assert outcome.answers[0].estimates["auc"].mean > 0.7
    assert outcome.answers[0].estimates["gauc"].mean > 0.65


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_scores_and_batches_change_nothing(name: str) -> None:
    _, made, ready = liked_by_kind()
    (question,) = exposures(made, NOW + 16 * HOUR).questions
    train = made.where(made.at < NOW + 16 * HOUR)
    one, two = (BASELINES[name].fit(train, ready) for _ in range(2))
    assert isinstance(one, PairScoring)
    assert isinstance(two, PairScoring)
    assert question.exposures is not None
    scores = one.pair_scores(question.history, question.exposures)
    assert np.array_equal(scores, two.pair_scores(question.history, question.exposures))
    halves = np.array_split(np.arange(len(question.history.viewers)), 2)
    parts = [one.pair_scores(question.history.at_positions(h), question.exposures.at_positions(h)) for h in halves]
    assert np.allclose(np.concatenate(parts), scores, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_negative_exposure_there_is_nothing_to_learn(name: str) -> None:
    reels = catalogue(3)
    with pytest.raises(NotApplicable, match="every exposure is positive"):
        BASELINES[name].fit(log([["1", "2"], ["3"]], reels), context(reels))


def test_learnt_from_are_exposures_with_a_surface_else_the_newest_tenth() -> None:
    reels = catalogue(3)
    made = log([["1", "2", "3"] * 10], reels)
    assert rows_of(made).sum() == 3
    assert rows_of(made)[-3:].all()
    named = replace(made, surface=np.where(np.arange(30) > 20, 1, -1).astype(np.int16))
    assert rows_of(named).tolist() == [False] * 21 + [True] * 9
