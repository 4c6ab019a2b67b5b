"""Reels nobody has taken to yet: which they are, and what they promise one viewer."""

from dataclasses import replace

import numpy as np
from tests.recommender.candidates.test_newcomers import row, with_newcomers
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import state_of, watched
from tests.snapshots import reel_name

from reels.core.policy import Policy
from reels.core.types import Rows
from reels.learning.codes import Codes
from reels.recommender.models import Models
from reels.recommender.newcomers import promises, untried
from reels.recommender.viewer import viewer_of


def unliked(models: Models, rows: Rows) -> Models:
    """The same models, but nobody took to these reels."""
    factors = models.snapshot.factors
    scales = factors.scales.copy()
    scales[rows] = 0
    return replace(models, snapshot=replace(models.snapshot, factors=Codes(factors.codes, scales)))


def test_untried_is_what_nobody_took_to_until_it_has_been_shown_often_enough() -> None:
    models = unliked(with_tail(), np.array([3, 4]))
    impressions = models.impressions.copy()
    impressions[[3, 4, 5]] = 0, 100, 0
    models = replace(models, impressions=impressions)
    policy = Policy(fair_trial_impressions=100)
    assert untried(models, policy, np.array([3, 4, 5], np.int32)).tolist() == [True, False, False]
    late = np.flatnonzero(models.origin < 0).astype(np.int32)
    assert len(late)
    assert untried(models, policy, late).all(), "nobody can have taken to what came after the snapshot"


def test_what_a_like_reel_leads_to_promises_most() -> None:
    models = with_newcomers(plain())
    viewer = viewer_of(state_of([watched(reel_name(3))]), models)
    rows = np.array([row(models, i) for i in (20, 59, 19)], np.int32)
    bare = replace(models, snapshot=replace(models.snapshot, groups={}))
    gained = promises(viewer.evidence, models, rows) - promises(viewer.evidence, bare, rows)
    assert gained.argsort().tolist() == [0, 1, 2]


def test_the_reel_that_is_like_the_liked_ones_promises_more() -> None:
    models = plain()
    viewer = viewer_of(state_of([watched(reel_name(3))]), models)
    liked = models.content(viewer.evidence.liked)[0]
    rows = np.flatnonzero(models.active).astype(np.int32)
    bare = replace(models, snapshot=replace(models.snapshot, groups={}))
    found = promises(viewer.evidence, bare, rows)
    assert rows[found.argmax()] == rows[(models.content(rows) @ liked).argmax()]


def test_late_reels_are_compared_by_their_text_alone() -> None:
    models = with_newcomers(with_tail())
    viewer = viewer_of(state_of([watched(reel_name(3))]), models)
    late = np.flatnonzero(models.origin < 0).astype(np.int32)
    found = promises(viewer.evidence, models, late)
    assert np.isfinite(found).all()
    embedded = models.content(late).any(axis=1)
    assert 0 < embedded.sum() < len(late)
    assert len(np.unique(found[embedded])) > 1
    assert (found[~embedded] == 0).all(), "nothing is known of them"


def test_without_any_liked_reel_nothing_promises_more() -> None:
    viewer = viewer_of(state_of([]), plain())
    assert not promises(viewer.evidence, plain(), np.arange(20, dtype=np.int32)).any()
