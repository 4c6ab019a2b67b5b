"""The documented formula as measured is the documented formula as served."""

from itertools import pairwise

import numpy as np
import pytest
from tests.evaluation.tiny import clusters, context, ids

from reels.core.policy import Policy
from reels.evaluation.baselines.documented import PAGE, Documented, Served
from reels.evaluation.log import Catalogue, Log
from reels.evaluation.recommenders import ranked
from reels.evaluation.snapshots import SnapshotConfig, snapshot_of, states_of
from reels.learning.checks import check
from reels.learning.snapshot import wrong_shapes
from reels.recommender.batch import Batch, BatchViewer
from reels.recommender.models import build
from reels.settings import Settings

SMALL = SnapshotConfig(embedder="hash", content_dim=16, factors=8)


@pytest.fixture(scope="module")
def data() -> tuple[Catalogue, Log]:
    return clusters(80, 120, 6)


def served(data: tuple[Catalogue, Log]) -> Served:
    reels, made = data
    return Documented(config=SMALL).fit(made, context(reels, now=float(made.at.max())))


def test_the_snapshot_is_one_the_system_would_take(data: tuple[Catalogue, Log]) -> None:
    reels, made = data
    snapshot = snapshot_of(made, context(reels, now=float(made.at.max())), SMALL)
    assert not wrong_shapes(snapshot)
    assert (snapshot.keys == reels.keys).all()
    check(snapshot, None, made.pairs(reels), np.zeros(len(made.pairs(reels).reels), bool), embedded=1.0)
    assert (snapshot.impressions == made.counts()).all()


def test_settings_and_the_evaluated_snapshot_agree() -> None:
    config, defaults = SnapshotConfig(), {name: one.default for name, one in Settings.model_fields.items()}
    assert (config.embedder, config.content_dim) == (defaults["embedder"], defaults["content_dim"])
    assert (config.factors, config.neighbours) == (defaults["factors"], defaults["neighbours"])
    assert config.half_life_sec == defaults["cf_half_life_days"] * 86_400
    assert config.popularity_half_life_sec == defaults["popularity_half_life_days"] * 86_400


def test_the_first_places_are_the_batch_answer(data: tuple[Catalogue, Log]) -> None:
    reels, made = data
    fitted = served(data)
    batch = Batch(build(fitted.snapshot), Policy(), fitted.pipeline, fitted.generator, fitted.context.now)
    found = ranked(fitted, made, 60, np.ones(reels.n, bool))
    seen = [reels.keys[made.reels[a:b]] for a, b in pairwise(made.indptr.tolist())]
    viewers = [BatchViewer(*known) for known in zip(states_of(made, fitted.context), seen, strict=True)]
    for row, answer in zip(found, batch.recommend(viewers, PAGE), strict=True):
        assert ids(row[:PAGE], reels) == list(answer.reel_ids)
        assert len(answer.reel_ids) == PAGE


def test_only_allowed_reels_are_served_and_the_group_is_found(data: tuple[Catalogue, Log]) -> None:
    reels, made = data
    fitted = served(data)
    allowed = np.arange(reels.n) % 2 == 0
    rows = ranked(fitted, made, 10, allowed)
    assert allowed[rows[rows >= 0]].all()
    own = reels.creators[made.reels[made.indptr[:-1]]]
    first = ranked(fitted, made, 10, np.ones(reels.n, bool))[:, :2]
    assert (reels.creators[first] == own[:, None]).mean() > 0.8


def test_exposures_are_scored_by_the_formula(data: tuple[Catalogue, Log]) -> None:
    reels, made = data
    fitted = served(data)
    some = made.at_positions(np.arange(10))
    scores = fitted.pair_scores(some, some)
    assert scores.shape == (len(some),)
    assert np.isfinite(scores).all()
    assert scores.max() <= 1.1
    assert reels.n == 120


def test_what_the_live_system_would_know_of_a_viewer(data: tuple[Catalogue, Log]) -> None:
    reels, made = data
    state = states_of(made, context(reels))[3]
    mine = slice(made.indptr[3], made.indptr[4])
    assert (state.history == reels.keys[made.reels[mine]]).all()
    assert (state.history_at == made.at[mine]).all()
    assert state.history_value == pytest.approx(0.9)
