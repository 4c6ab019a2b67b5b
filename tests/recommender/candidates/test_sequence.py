"""The source, the feature's numbers and the vectors of the sequence model, on a made model; none of it needs torch."""

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
from reels.recommender.candidates.sequence import Sequence
from reels.recommender.models import Models
from reels.recommender.sequence import encoded, expected, opinions, vectors_of
from reels.recommender.stages import Source
from reels.recommender.viewer import viewer_of

__all__ = ["state"]
WIDTH, LENGTH, TOWERS = 12, 6, 2


def with_sequence(models: Models, seed: int = 0) -> Models:
    """The same models with a sequence model of chance; it has not met every seventh reel, nor its words."""
    rng = np.random.default_rng(seed)
    snapshot = models.snapshot
    n, dim = snapshot.content.shape

    def some(*shape: int) -> np.ndarray:
        return (0.4 * rng.normal(size=shape)).astype(np.float32)

    text = some(dim, WIDTH)
    rows = snapshot.content.floats() @ text + some(n, WIDTH)
    rows[::7] = 0
    items = Codes.of(rows.astype(np.float32))
    vectors = some(TOWERS, 2, 11, WIDTH // TOWERS)
    group: Arrays = {
        "items_codes": items.codes,
        "items_scales": items.scales,
        "bias": some(n),
        "unmet": some(1),
        "text": text,
        "positions": some(TOWERS, LENGTH, WIDTH // TOWERS),
        "matrices": some(TOWERS, 1, 8, WIDTH // TOWERS, WIDTH // TOWERS),
        "vectors": vectors,
    }
    return replace(models, snapshot=replace(snapshot, groups={**snapshot.groups, "sequence": group}))


@pytest.fixture(params=["plain", "with_tail", "without"])
def models(request: pytest.FixtureRequest) -> Models:
    if request.param == "without":
        return plain()
    return with_sequence(plain() if request.param == "plain" else with_tail())


class TestSequence(SourceContract):
    def make(self) -> Source:
        return Sequence()


def test_finds_the_reels_with_the_best_opinions_new_ones_among_them() -> None:
    models = with_sequence(with_tail())
    viewer = viewer_of(fan_of_topic(1), models)
    wanted = expected(viewer.evidence, models)
    assert wanted is not None
    everything = np.flatnonzero(models.active).astype(np.int32)
    score = opinions(models, wanted, everything)[0]
    met = models.origin[everything] >= 0
    met &= models.snapshot.coded("sequence", "items").known()[np.maximum(models.origin[everything], 0)]
    late = models.origin[everything] < 0
    score = np.where((met | late) & np.isfinite(score), score, -np.inf)
    best = everything[np.lexsort((everything, -score))][:20]
    found = Sequence().find(query(), viewer, models, Policy(), 20)
    assert set(found.tolist()) == set(best.tolist())
    whole = Sequence().find(query(), viewer, models, Policy(), models.n)
    assert key_of("t0") in models.keys[whole], "it has a vector by its words"
    assert key_of("t2") not in models.keys[whole], "nothing is known of it"


def test_reads_the_newest_liked_reels_oldest_first() -> None:
    models = with_sequence(plain())
    names = [reel_name(i) for i in (3, 11, 20, 33)]
    viewer = viewer_of(state_of([watched(name, at=100.0 + i) for i, name in enumerate(names)]), models)
    group = models.snapshot.groups["sequence"]
    rows = models.rows_of(np.array([key_of(name) for name in names]))
    wanted = encoded(group["positions"], group["matrices"], group["vectors"], vectors_of(models, rows))
    np.testing.assert_array_equal(expected(viewer.evidence, models), wanted)


def test_a_reel_the_model_was_not_fitted_with_has_the_vector_of_its_words() -> None:
    models = with_sequence(with_tail())
    row = models.rows_of(np.array([key_of("t0")]))
    text = models.snapshot.groups["sequence"]["text"]
    np.testing.assert_allclose(vectors_of(models, row), models.content(row) @ text, rtol=1e-5)


def test_nothing_is_expected_of_a_viewer_who_liked_nothing_or_without_the_model() -> None:
    assert expected(viewer_of(state_of(), with_sequence(plain())).evidence, with_sequence(plain())) is None
    assert expected(viewer_of(fan_of_topic(1), plain()).evidence, plain()) is None


def test_a_snapshot_may_have_the_group() -> None:
    assert wrong_shapes(with_sequence(plain()).snapshot) == []
