"""The source, the feature's numbers and the vectors of the shallow sequence model, on a made model."""

from dataclasses import replace

import numpy as np
import pytest
from tests.contracts.source import SourceContract, state
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import fan_of_topic, query, state_of, watched
from tests.snapshots import reel_name

from reels.core.keys import key_of
from reels.core.policy import Policy
from reels.learning.codes import Codes
from reels.learning.snapshot import wrong_shapes
from reels.learning.workbench import Arrays
from reels.recommender.candidates.shallow import Shallow
from reels.recommender.models import Models
from reels.recommender.ranker.features.columns import Moment
from reels.recommender.ranker.features.shallow import Shallow as Features
from reels.recommender.shallow import expected, led_to, opinions, vectors_of
from reels.recommender.stages import Source
from reels.recommender.viewer import viewer_of

__all__ = ["state"]
WIDTH, LENGTH = 12, 6


def with_shallow(models: Models, seed: int = 0) -> Models:
    """The same models with a shallow model of chance; it has not met every seventh reel, nor its words."""
    rng = np.random.default_rng(seed)
    snapshot = models.snapshot
    n, dim = snapshot.content.shape

    def some(*shape: int) -> np.ndarray:
        return (0.4 * rng.normal(size=shape)).astype(np.float32)

    text = some(dim, WIDTH)
    rows = snapshot.content.floats() @ text + some(n, WIDTH)
    rows[::7] = 0
    items = Codes.of(rows.astype(np.float32))
    group: Arrays = {
        "items_codes": items.codes,
        "items_scales": items.scales,
        "bias": some(n),
        "unmet": some(1),
        "text": text,
        "fades": np.array([0.5, 0.9], np.float32),
        "matrices": some(2, WIDTH, WIDTH),
        "length": np.array([LENGTH], np.float32),
    }
    return replace(models, snapshot=replace(snapshot, groups={**snapshot.groups, "shallow": group}))


@pytest.fixture(params=["plain", "with_tail", "without"])
def models(request: pytest.FixtureRequest) -> Models:
    if request.param == "without":
        return plain()
    return with_shallow(plain() if request.param == "plain" else with_tail())


class TestShallow(SourceContract):
    def make(self) -> Source:
        return Shallow()


def test_finds_the_reels_with_the_best_opinions_new_ones_among_them() -> None:
    models = with_shallow(with_tail())
    viewer = viewer_of(fan_of_topic(1), models)
    wanted = expected(viewer.evidence, models)
    assert wanted is not None
    everything = np.flatnonzero(models.active).astype(np.int32)
    score = opinions(models, wanted, everything)
    met = models.origin[everything] >= 0
    met &= models.snapshot.coded("shallow", "items").known()[np.maximum(models.origin[everything], 0)]
    late = models.origin[everything] < 0
    score = np.where((met | late) & np.isfinite(score), score, -np.inf)
    best = everything[np.lexsort((everything, -score))][:20]
    found = Shallow().find(query(), viewer, models, Policy(), 20)
    assert set(found.tolist()) == set(best.tolist())
    whole = Shallow().find(query(), viewer, models, Policy(), models.n)
    assert key_of("t0") in models.keys[whole], "it has a vector by its words"
    assert key_of("t2") not in models.keys[whole], "nothing is known of it"


def test_newer_reels_count_more_as_the_fades_say() -> None:
    models = with_shallow(plain())
    names = [reel_name(i) for i in (3, 11, 20, 33)]
    viewer = viewer_of(state_of([watched(name, at=100.0 + i) for i, name in enumerate(names)]), models)
    group = models.snapshot.groups["shallow"]
    rows = models.rows_of(np.array([key_of(name) for name in reversed(names)]))
    vectors, wanted = vectors_of(models, rows), np.zeros(WIDTH)
    for fade, matrix in zip(group["fades"], group["matrices"], strict=True):
        weights = fade ** np.arange(4)
        wanted += (weights / weights.sum()) @ vectors @ matrix
    found = expected(viewer.evidence, models)
    assert found is not None
    np.testing.assert_allclose(found, wanted.astype(np.float32), rtol=1e-5)


def test_only_the_newest_reels_are_read() -> None:
    models = with_shallow(plain())
    many = viewer_of(state_of([watched(reel_name(i), at=100.0 + i) for i in range(1, 12)]), models)
    newest = viewer_of(state_of([watched(reel_name(i), at=100.0 + i) for i in range(6, 12)]), models)
    np.testing.assert_array_equal(expected(many.evidence, models), expected(newest.evidence, models))


def test_a_reel_the_model_was_not_fitted_with_has_the_vector_of_its_words() -> None:
    models = with_shallow(with_tail())
    row = models.rows_of(np.array([key_of("t0")]))
    text = models.snapshot.groups["shallow"]["text"]
    np.testing.assert_allclose(vectors_of(models, row), models.content(row) @ text, rtol=1e-5)


def test_nothing_is_expected_of_a_viewer_who_liked_nothing_or_without_the_model() -> None:
    assert expected(viewer_of(state_of(), with_shallow(plain())).evidence, with_shallow(plain())) is None
    assert expected(viewer_of(fan_of_topic(1), plain()).evidence, plain()) is None


def test_the_features_agree_with_the_opinions() -> None:
    models = with_shallow(with_tail())
    viewer = viewer_of(fan_of_topic(1), models)
    rows = np.arange(models.n, dtype=np.int32)
    out = np.full((len(rows), len(Features.columns)), np.nan, np.float32)
    Features().fill(Moment(query(), viewer, models, Policy(), rows, models.origin[rows], {}), out)
    wanted = expected(viewer.evidence, models)
    assert wanted is not None
    np.testing.assert_allclose(out[:, 0], opinions(models, wanted, rows), rtol=1e-5)
    known = np.isfinite(out[:, 0])
    assert known.any()
    assert np.isnan(out[~known]).all()
    assert out[known, 1].max() == 1.0
    group, vectors = models.snapshot.groups["shallow"], vectors_of(models, rows)
    last = vectors_of(models, viewer.evidence.liked[:1])
    np.testing.assert_allclose(
        out[known, 3], vectors[known] @ led_to(last, group["fades"], group["matrices"]), rtol=1e-3, atol=1e-5
    )
    assert out[viewer.evidence.liked[0], 4] == pytest.approx(1.0, abs=1e-5)
    assert (out[known, 6] >= out[known, 4]).all()


def test_a_snapshot_may_have_the_group() -> None:
    assert wrong_shapes(with_shallow(plain()).snapshot) == []
