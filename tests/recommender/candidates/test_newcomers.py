"""New reels among the candidates: those that come after the liked ones by their likeness to known reels."""

from dataclasses import fields, replace

import numpy as np
import pytest
from tests.contracts.source import SourceContract, state
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import query, state_of, watched
from tests.snapshots import reel_name

from reels.core.keys import key_of
from reels.core.policy import Policy
from reels.learning.codes import Codes
from reels.learning.snapshot import Neighbours, Table, wrong_shapes
from reels.learning.workbench import Arrays
from reels.recommender.candidates.newcomers import Newcomers as NewcomersSource
from reels.recommender.models import Models
from reels.recommender.newcomers import promises
from reels.recommender.ranker.features.columns import Moment
from reels.recommender.ranker.features.newcomers import Newcomers
from reels.recommender.stages import Source
from reels.recommender.viewer import viewer_of

__all__ = ["state"]


def row(models: Models, i: int) -> int:
    return int(models.rows_of(np.array([key_of(reel_name(i))]))[0])


def with_newcomers(models: Models) -> Models:
    """The same models; after reel 3 come the new reels 19 (weight 1) and 59 (0.5), after others nothing."""
    base = models.base
    indptr = np.zeros(base + 1, np.int64)
    indptr[row(plain(), 3) + 1 :] = 2
    after = np.array([row(plain(), 19), row(plain(), 59)], np.int32)
    table = Table.of(Neighbours(indptr, after, np.array([1.0, 0.5], np.float32)))
    parts = {part.name: getattr(table, part.name) for part in fields(table)}
    group: Arrays = {f"{name}_{part}": array for name in ("after", "beside") for part, array in parts.items()}
    manifest = models.snapshot.manifest
    group["factors"] = np.zeros((manifest.content_dim, manifest.factors), np.float32)
    return replace(models, snapshot=replace(models.snapshot, groups={**models.snapshot.groups, "newcomers": group}))


@pytest.fixture(params=["plain", "with_tail", "without"])
def models(request: pytest.FixtureRequest) -> Models:
    if request.param == "without":
        return plain()
    return with_newcomers(plain() if request.param == "plain" else with_tail())


class TestNewcomers(SourceContract):
    def make(self) -> Source:
        return NewcomersSource()


def test_finds_untried_reels_that_promise_most_best_first_and_no_others() -> None:
    models = with_newcomers(with_tail())
    factors, new = models.snapshot.factors, [row(plain(), 19), row(plain(), 59), *range(100, 140)]
    scales = factors.scales.copy()
    scales[new] = 0
    impressions = models.impressions.copy()
    impressions[new] = 0
    fewer = replace(models, snapshot=replace(models.snapshot, factors=Codes(factors.codes, scales)))
    fewer = replace(fewer, impressions=impressions)
    viewer = viewer_of(state_of([watched(reel_name(3))]), fewer)
    found = NewcomersSource().find(query(), viewer, fewer, Policy(), 100)
    late = np.flatnonzero(fewer.origin < 0)
    assert set(found.tolist()) <= {*new, *late.tolist()}
    promised = promises(viewer.evidence, fewer, np.sort(found))
    assert len(found) > 5
    assert found[0] == np.sort(found)[promised.argmax()]
    assert {row(models, 19), row(models, 59)} <= set(found[:5].tolist()), "reel 3 leads to them"
    few = NewcomersSource().find(query(), viewer, fewer, Policy(), 5)
    assert few.tolist() == found[:5].tolist()
    assert len(NewcomersSource().find(query(), viewer, models, Policy(fair_trial_impressions=0), 10)) == 0, (
        "trials are over"
    )


def test_the_feature_is_the_same_sum_faded_by_place() -> None:
    models = with_newcomers(plain())
    viewer = viewer_of(state_of([watched(reel_name(3), at=100.0), watched(reel_name(4), at=200.0)]), models)
    rows = np.array([row(models, 19), row(models, 20)], np.int32)
    out = np.full((2, 1), np.nan, np.float32)
    Newcomers().fill(Moment(query(), viewer, models, Policy(), rows, models.origin[rows], {}), out)
    value = float(viewer.evidence.liked_value[1])
    np.testing.assert_allclose(out[:, 0], [0.65 * value, 0.0], rtol=1e-5)


def test_a_snapshot_may_have_the_group() -> None:
    assert wrong_shapes(with_newcomers(plain()).snapshot) == []
