"""The search index over content vectors: inverted lists of 8-bit codes, to be searched straight from the mapped file.

Inverted file (Jégou, Douze, Schmid 2011) of `faiss`, one byte a dimension. A search looks through the `probes` lists
whose centroids are nearest and takes more than was asked for; whoever searches ranks those by the vectors themselves.
Small catalogues have none: looking at every vector is as fast there, and exact.
"""

from dataclasses import dataclass, replace
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Mask, Rows
from reels.learning.codes import Codes
from reels.learning.snapshot import Snapshot

MORE = 100
"""So many more than was asked for are ranked by their vectors: codes are off by up to 1/510 of a dimension's range."""


RECALL = "index_recall_at_200"
"""Name of the metric in the manifest."""


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """How an index is built, and how good it must be."""

    fewest: int = 50_000
    """With fewer active reels there is no index: 50,000 x 64 is about 1 ms by brute force."""
    lists_per_root: float = 2.0
    """Lists = this times the square root of the reels: 2,000 for a million."""
    sample_per_list: int = 64
    """Vectors a list from which its centroid is learnt."""
    at: int = 200
    recall: float = 0.97
    """Share of the true `at` nearest that must be found; the fewest probes that find so many are used."""
    queries: int = 200
    """Vectors asked to measure it: means of a few reels' vectors, as tastes are."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class FittedIndex:
    """An index as bytes (uint8, empty = none), and what was measured of it."""

    packed: NDArray[np.uint8]
    probes: int = 0
    recall: float = 1.0


def indexed(snapshot: Snapshot, config: IndexConfig | None = None) -> Snapshot:
    """The snapshot with an index in its group `index`, and the recall measured of it among its metrics.

    A small catalogue's stays as it is.
    """
    fitted = fit_index(snapshot.content, snapshot.active, config)
    if not len(fitted.packed):
        return snapshot
    group: dict[str, NDArray[Any]] = {"packed": fitted.packed, "probes": np.array([fitted.probes], np.int32)}
    metrics = snapshot.manifest.metrics | {RECALL: fitted.recall}
    return replace(
        snapshot,
        manifest=replace(snapshot.manifest, metrics=metrics),
        groups={**snapshot.groups, "index": group},
    )


def fit_index(vectors: Codes, active: Mask, config: IndexConfig | None = None) -> FittedIndex:
    """The index of the active rows; none for a small catalogue.

    Where `config.recall` is not reached however many lists are probed, `recall` says what was: checks refuse it.
    """
    config = config or IndexConfig()
    rows = np.flatnonzero(active).astype(np.int64)
    if len(rows) < config.fewest or not vectors.shape[1]:
        return FittedIndex(np.empty(0, np.uint8))
    rng = np.random.default_rng(config.seed)
    lists = max(1, min(len(rows), int(config.lists_per_root * len(rows) ** 0.5)))
    index = _trained(vectors, rows, lists, config, rng)
    for start in range(0, len(rows), 100_000):
        chunk = rows[start : start + 100_000]
        index.add_with_ids(np.ascontiguousarray(vectors[chunk]), chunk)
    queries = _asked(vectors, rows, config, rng)
    probes, recall = _probes_for(index, vectors, active, queries, config)
    return FittedIndex(np.asarray(faiss.serialize_index(index), np.uint8), probes, recall)


def open_index(packed: NDArray[np.uint8]) -> faiss.IndexIVF:
    """The index in these bytes. Its lists are searched where they lie, nothing is copied."""
    reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(packed), packed.nbytes)  # type: ignore[attr-defined]
    index: faiss.IndexIVF = faiss.read_index(reader)  # type: ignore[assignment]
    index.referenced_objects = [packed]  # type: ignore[attr-defined]  # faiss's own name: it must outlive the index
    return index


def search(index: faiss.IndexIVF, vectors: Codes, queries: Floats, k: int, probes: int) -> tuple[Rows, Floats]:
    """(int32[q, k], float32[q, k]): nearest first by the vectors' own inner product, -1 and -inf where too few."""
    rows = np.full((len(queries), k), -1, np.int32)
    scores = np.full((len(queries), k), -np.inf, np.float32)
    if not len(queries) or k <= 0:
        return rows, scores
    settings = faiss.SearchParametersIVF(nprobe=probes)  # type: ignore[call-arg]
    _, found = index.search(np.ascontiguousarray(queries, np.float32), k + MORE, params=settings)
    for q, (query, places) in enumerate(zip(queries, found, strict=True)):
        places = np.sort(places[places >= 0])
        exact = vectors.take(places) @ query
        best = np.argsort(-exact, kind="stable")[:k]
        rows[q, : len(best)], scores[q, : len(best)] = places[best], exact[best]
    return rows, scores


def _trained(
    vectors: Codes, rows: NDArray[np.int64], lists: int, config: IndexConfig, rng: np.random.Generator
) -> faiss.IndexIVF:
    dim = vectors.shape[1]
    coarse = faiss.IndexFlatIP(dim)
    index = faiss.IndexIVFScalarQuantizer(coarse, dim, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index.cp.max_points_per_centroid = config.sample_per_list
    index.cp.min_points_per_centroid = 1
    index.cp.seed = config.seed + 1
    sample = rng.choice(rows, min(len(rows), lists * config.sample_per_list), replace=False)
    index.train(np.ascontiguousarray(vectors[np.sort(sample)]))
    return index


def _asked(vectors: Codes, rows: NDArray[np.int64], config: IndexConfig, rng: np.random.Generator) -> Floats:
    """float32[q, d] unit: each the mean of a reel, its nearest of some others, and some of what is left of chance."""
    picked = vectors[rng.choice(rows, config.queries)]
    others = vectors[rng.choice(rows, 2_000)]
    near = others[np.argmax(picked @ others.T, axis=1)]
    mixed = picked + 0.5 * near
    norms = np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.asarray(mixed / np.where(norms > 0, norms, 1.0), np.float32)


def _probes_for(
    index: faiss.IndexIVF, vectors: Codes, active: Mask, queries: Floats, config: IndexConfig
) -> tuple[int, float]:
    """The fewest probes (a power of two) with which the recall is reached, and what it is then."""
    truth = _nearest_of_all(vectors, active, queries, config.at)
    probes, recall = 4, 0.0
    while recall < config.recall and probes < index.nlist:
        probes = min(2 * probes, index.nlist)
        rows, _ = search(index, vectors, queries, config.at, probes)
        recall = float(np.mean([np.isin(true, found).mean() for true, found in zip(truth, rows, strict=True)]))
    return probes, recall


def _nearest_of_all(vectors: Codes, active: Mask, queries: Floats, k: int) -> Rows:
    """int32[q, k]: by looking at every row, a block at a time."""
    best = np.full((len(queries), 0), 0, np.int32)
    scores = np.full((len(queries), 0), 0, np.float32)
    for start, rows in vectors.blocks():
        block = queries @ rows.T
        block[:, ~active[start : start + len(rows)]] = -np.inf
        here = np.argpartition(-block, min(k, block.shape[1]) - 1, axis=1)[:, :k]
        scores = np.concatenate([scores, np.take_along_axis(block, here, 1)], axis=1)
        best = np.concatenate([best, (here + start).astype(np.int32)], axis=1)
        keep = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        scores, best = np.take_along_axis(scores, keep, 1), np.take_along_axis(best, keep, 1)
    return best
