"""The search index finds what looking at every vector finds, or says that it does not."""

import numpy as np
import pytest

from reels.core.types import Floats
from reels.learning.codes import Codes
from reels.learning.index import IndexConfig, fit_index, open_index, search

SMALL = IndexConfig(fewest=100, at=20, queries=30)


def clustered(n: int, seed: int = 0, dim: int = 16, clusters: int = 25) -> Codes:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(clusters, dim))[rng.integers(0, clusters, n)] + 0.4 * rng.normal(size=(n, dim))
    return Codes.of(np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32))


def everything(n: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.ones(n, np.bool_)


def recall_of(vectors: Codes, queries: Floats, probes: int, k: int = 20) -> float:
    index = open_index(fit_index(vectors, everything(len(vectors)), SMALL).packed)
    rows, _ = search(index, vectors, queries, k, probes)
    truth = np.argsort(-(queries @ vectors.floats().T), axis=1)[:, :k]
    return float(np.mean([np.isin(true, found).mean() for true, found in zip(truth, rows, strict=True)]))


def test_a_small_catalogue_has_no_index() -> None:
    assert not len(fit_index(clustered(99), everything(99), SMALL).packed)
    assert len(fit_index(clustered(100), everything(100), SMALL).packed)
    assert not len(fit_index(Codes.of(np.empty((200, 0), np.float32)), everything(200), SMALL).packed)


def test_what_was_measured_holds_for_other_queries() -> None:
    vectors = clustered(4000)
    fitted = fit_index(vectors, everything(4000), SMALL)
    assert fitted.recall >= SMALL.recall
    assert recall_of(vectors, clustered(50, seed=9).floats(), fitted.probes) > SMALL.recall - 0.05


def test_fewer_probes_find_less_so_the_measure_can_fail() -> None:
    vectors = clustered(4000)
    assert recall_of(vectors, vectors[:50] + vectors[50:100], 1) < 0.9


def test_a_recall_that_cannot_be_reached_is_told_as_it_is() -> None:
    fitted = fit_index(clustered(500), everything(500), IndexConfig(fewest=1, at=20, queries=10, recall=1.1))
    assert fitted.recall <= 1.0
    assert fitted.probes == int(2 * 500**0.5), "all lists"


def test_only_active_rows_are_in_it() -> None:
    vectors, active = clustered(600), np.arange(600) % 3 > 0
    fitted = fit_index(vectors, active, SMALL)
    rows, _ = search(open_index(fitted.packed), vectors, vectors[:5], 600, 10_000)
    assert all(set(found[found >= 0].tolist()) == set(np.flatnonzero(active).tolist()) for found in rows)


def test_the_same_vectors_make_the_same_bytes() -> None:
    vectors = clustered(800)
    np.testing.assert_array_equal(
        fit_index(vectors, everything(800), SMALL).packed, fit_index(vectors, everything(800), SMALL).packed
    )


@pytest.mark.parametrize("k", [0, 5])
def test_nothing_asked_nothing_answered(k: int) -> None:
    vectors = clustered(300)
    index = open_index(fit_index(vectors, everything(300), SMALL).packed)
    rows, scores = search(index, vectors, np.empty((0, 16), np.float32), k, 4)
    assert rows.shape == scores.shape == (0, k)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_few_reels_have_no_more_lists_than_reels(n: int) -> None:
    vectors = np.eye(n, 8, dtype=np.float32)
    fitted = fit_index(Codes.of(vectors), np.ones(n, np.bool_), IndexConfig(fewest=1, queries=2))
    assert open_index(fitted.packed).ntotal == n
