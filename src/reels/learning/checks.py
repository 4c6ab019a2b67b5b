"""What a new snapshot must pass before anybody is served from it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from reels.core.errors import SnapshotRefused
from reels.core.types import Floats, Rows
from reels.learning.factorization import fold_in
from reels.learning.index import RECALL as INDEX_RECALL
from reels.learning.interactions import Interactions, rows_of
from reels.learning.snapshot import Snapshot, Table, wrong_shapes

_UNIT = ("popularity", "region_best", "language_best")
_FINITE = (*_UNIT, "projection", "centre", "gramian", "usual_rate", "published")
_CODED = ("content", "factors")


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """How bad is too bad."""

    recall_floor: float = 0.8
    """Recall@200 must be at least this share of what the snapshot before reaches on the same viewers."""
    at: int = 200
    viewers: int = 500
    """At most so many viewers are asked."""
    fewest: int = 100
    """With fewer, recall is noise and not compared (500 viewers: a standard deviation of about .02)."""
    rows_floor: float = 0.5
    """At least this share of the rows of the snapshot before: an emptied catalogue is refused."""
    index_recall: float = 0.97
    """Share of the true nearest that the search index must find."""
    embedded_floor: float = 0.9
    """At least this share of the reels that have text must have a content vector."""


def check(
    new: Snapshot,
    before: Snapshot | None,
    pairs: Interactions,
    held: NDArray[np.bool_],
    *,
    embedded: float,
    config: CheckConfig | None = None,
) -> dict[str, float]:
    """Metrics of the new snapshot; SnapshotRefused lists every check it failed.

    `held` marks the pairs kept from the fits (`interactions.held_out`), `embedded` is the share of
    the reels with words whose words have been embedded.
    """
    config = config or CheckConfig()
    failures = wrong_shapes(new) or [*_broken_columns(new), *_broken_table("cf", new), *_broken_table("next", new)]
    if failures:
        raise SnapshotRefused(failures)
    metrics = {"rows": float(len(new.keys)), "covered": _share(np.diff(new.cf.indptr) > 0), "embedded": embedded}
    if embedded < config.embedded_floor:
        failures.append(f"only {embedded:.0%} of the reels with text are embedded: run the job embeddings")
    if (found_by_index := new.manifest.metrics.get(INDEX_RECALL, 1.0)) < config.index_recall:
        failures.append(f"the search index finds {found_by_index:.3f} of the nearest, {config.index_recall} are needed")
    if before is not None and len(new.keys) < config.rows_floor * len(before.keys):
        failures.append(f"{len(new.keys)} reels, the snapshot before has {len(before.keys)}")
    found = recall(new, pairs, held, config)
    metrics |= {"recall_viewers": float(len(found))}
    if len(found):
        metrics["recall_at_200"] = float(found.mean())
    if before is not None and len(found) >= config.fewest:
        metrics["recall_at_200_before"] = float(recall(before, pairs, held, config).mean())
        if metrics["recall_at_200"] < config.recall_floor * metrics["recall_at_200_before"]:
            failures.append(
                f"recall@{config.at} {metrics['recall_at_200']:.3f} on {len(found)} viewers is under "
                f"{config.recall_floor:.0%} of {metrics['recall_at_200_before']:.3f} before"
            )
    if failures:
        raise SnapshotRefused(failures)
    return metrics


def _share(mask: NDArray[np.bool_]) -> float:
    return float(mask.mean()) if len(mask) else 0.0


def _broken_columns(new: Snapshot) -> list[str]:
    wrong = []
    for name in _FINITE:
        bad = int((~np.isfinite(getattr(new, name))).sum())
        if bad:
            wrong.append(f"{name}: {bad} values are not finite")
        elif name in _UNIT and getattr(new, name).size and not _within(getattr(new, name), 0.0, 1.0):
            wrong.append(f"{name}: values outside 0..1")
    for name in _CODED:
        bad = int((~np.isfinite(getattr(new, name).scales)).sum())
        if bad:
            wrong.append(f"{name}: {bad} rows are not finite")
    if (np.diff(new.keys) <= 0).any():
        wrong.append("keys: not ascending and distinct")
    if (new.rows != np.arange(len(new.rows))).any():
        wrong.append("rows: not 0, 1, 2, ...")
    blocks = [np.linalg.norm(block, axis=1) for _, block in new.content.blocks()]
    norms = np.concatenate(blocks) if blocks else np.empty(0)
    if not ((norms < 1e-6) | (np.abs(norms - 1) < 1e-3) | ~np.isfinite(norms)).all():
        wrong.append("content: rows are neither unit nor zero")
    if len(new.duplicates) and not _within(new.duplicates, 0, len(new.keys) - 1):
        wrong.append("duplicates: rows outside the snapshot")
    for name, names in (("regions", new.manifest.regions), ("languages", new.manifest.languages)):
        if len(getattr(new, name)) and not _within(getattr(new, name), -1, len(names) - 1):
            wrong.append(f"{name}: codes outside the manifest's {len(names)}")
    if len(new.topics) and not _within(new.topics, -1, len(new.manifest.topics) - 1):
        wrong.append(f"topics: codes outside the manifest's {len(new.manifest.topics)}")
    if len(new.keys) and (np.diff(new.reels_offsets) <= 0).any():
        wrong.append("reels: empty public fields")
    if len(new.reels) != new.reels_offsets[-1]:
        wrong.append("reels: offsets do not end with the bytes")
    return wrong


def _within(values: NDArray[Any], low: float, high: float) -> bool:
    return bool((values >= low).all() and (values <= high).all())


def _broken_table(name: str, new: Snapshot) -> list[str]:
    table: Table = getattr(new, name)
    if table.indptr[0] != 0 or table.indptr[-1] != len(table.indices) or (np.diff(table.indptr) < 0).any():
        return [f"{name}: indptr is not a CSR's"]
    if len(table.indices) and not _within(table.indices, 0, len(new.keys) - 1):
        return [f"{name}: neighbours outside the snapshot"]
    owners = np.repeat(np.arange(len(new.keys)), np.diff(table.indptr))
    wrong = []
    if (table.indices == owners).any():
        wrong.append(f"{name}: reels that are their own neighbour")
    if not np.isfinite(table.scales).all() or not _within(table.weights, 0.0, 1.0 + 1e-6):
        wrong.append(f"{name}: weights outside 0..1")
    rising = (table.codes[1:] > table.codes[:-1]) & (owners[1:] == owners[:-1])
    if rising.any():
        wrong.append(f"{name}: {int(rising.sum())} rows are not best first")
    return wrong


def recall(snapshot: Snapshot, pairs: Interactions, held: NDArray[np.bool_], config: CheckConfig) -> NDArray[np.bool_]:
    """For each asked viewer, whether the held-out reel is among the first `at` of all sources blended."""
    rows = rows_of(pairs.reels, snapshot.keys)
    positive = pairs.values > 0
    users = pairs.users
    asked = np.flatnonzero(held)[: config.viewers]
    hits = np.zeros(len(asked), np.bool_)
    with threadpool_limits(1, "blas"):
        for i, place in enumerate(asked.tolist()):
            span = slice(pairs.indptr[users[place]], pairs.indptr[users[place] + 1])
            use = positive[span] & ~held[span] & (rows[span] >= 0)
            history, weights = rows[span][use], pairs.values[span][use]
            if rows[place] >= 0 and len(history):
                hits[i] = rows[place] in _best(snapshot, history[-20:], weights[-20:], config.at)
    return hits


def _best(snapshot: Snapshot, history: Rows, weights: Floats, k: int) -> NDArray[np.int64]:
    """The k best rows by the sum of the sources, each scaled to 1; history oldest first and left out."""
    age = np.arange(len(history), dtype=np.float64)[::-1]
    total = _scaled(_sums(snapshot.cf, history, 0.8**age)) + _scaled(_sums(snapshot.next, history, 0.5**age))
    taste = (snapshot.content.take(history) * (0.65**age)[:, None]).sum(axis=0).astype(np.float32)
    total += 0.5 * _scaled(np.maximum(snapshot.content.product(taste), 0))
    factors = snapshot.factors.take(history)
    known = factors.any(axis=1)
    if known.any():
        manifest = snapshot.manifest
        faded = (weights * 0.8**age).astype(np.float32)[known]
        vector = fold_in(
            factors[known],
            faded,
            snapshot.gramian,
            regularization=manifest.factor_regularization,
            alpha=manifest.factor_alpha,
        )
        total += 0.5 * _scaled(np.maximum(snapshot.factors.product(vector), 0))
    total[history] = -1.0
    best = np.argpartition(-total, min(k, len(total)) - 1)[:k]
    return best[total[best] > 0]


def _sums(table: Table, history: Rows, strengths: NDArray[Any]) -> NDArray[np.float64]:
    out = np.zeros(len(table.indptr) - 1)
    for row, strength in zip(history.tolist(), strengths.tolist(), strict=True):
        span = slice(table.indptr[row], table.indptr[row + 1])
        out[table.indices[span]] += strength * table.scales[row] * table.codes[span]
    return out


def _scaled(values: NDArray[Any]) -> NDArray[np.float64]:
    top = float(values.max(initial=0.0))
    scaled: NDArray[np.float64] = values.astype(np.float64) / top if top > 0 else values.astype(np.float64)
    return scaled
