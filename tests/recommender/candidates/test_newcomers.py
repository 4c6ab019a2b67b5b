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
from reels.learning.snapshot import Neighbours, Table, wrong_shapes
from reels.learning.workbench import Arrays
from reels.recommender.candidates.item_cf import newcomers
from reels.recommender.models import Models
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
        return newcomers()


def test_finds_the_new_reels_after_what_was_liked_best_first() -> None:
    models = with_newcomers(plain())
    viewer = viewer_of(state_of([watched(reel_name(3))]), models)
    found = newcomers().find(query(), viewer, models, Policy(), 10)
    assert found.tolist() == [row(models, 19), row(models, 59)]
    other = viewer_of(state_of([watched(reel_name(4))]), models)
    assert len(newcomers().find(query(), other, models, Policy(), 10)) == 0


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
