"""What it costs to rank a request's candidates: features, trees, contributions; and the formula beside it.

    python benchmarks/ranker.py

A made-up snapshot (nobody's data) of 100,000 reels x 128 dimensions with all tables full, 200 trees of 15 leaves, a
viewer with 60 liked and 10 skipped reels. CPU time of one thread, which others on the machine disturb least.
"""

import time
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
from machine import keep, machine

from reels.core.policy import LEARNED, Policy
from reels.core.types import FeedQuery, UserState
from reels.learning.codes import Codes
from reels.learning.ranker import BLEND_PARTS, Examples, RankerConfig, fit
from reels.learning.recency import HALF_LIVES_DAYS
from reels.learning.shallow import ShallowConfig
from reels.learning.snapshot import Manifest, Neighbours, Snapshot, Table
from reels.learning.words import BUCKETS, TERMS
from reels.learning.workbench import Arrays
from reels.recommender.models import build
from reels.recommender.ranker.features.standard import NAMES
from reels.recommender.standard import pipelines
from reels.recommender.viewer import viewer_of

REELS, DIM, FACTORS, NEAR, NOW = 100_000, 128, 64, 50, 1_750_000_000.0
CANDIDATES = (300, 480)
TIMES = 200


def main() -> None:
    """Measure and keep."""
    started = machine()["load_at_start"]
    rng = np.random.default_rng(0)
    models = build(made_up(rng))
    state = viewer(models.keys, rng)
    ranker, asked = pipelines()["for_you"].ranker, FeedQuery("u", 10, NOW, 0, "", explore=False)
    known = viewer_of(state, models)
    figures: dict[str, dict[str, float]] = {}
    for n in CANDIDATES:
        rows = np.sort(rng.choice(REELS, n, replace=False)).astype(np.int32)
        for policy in (Policy(), LEARNED):
            board = ranker.rank(asked, known, models, policy, rows)
            key = f"{policy.name}, {n} candidates"
            figures[key] = timed(lambda p=policy, r=rows: ranker.rank(asked, known, models, p, r))  # type: ignore[misc]
            figures[f"contributions of a page, {key}"] = timed(lambda b=board: b.contributions(list(range(10))))  # type: ignore[misc]
    path = keep("ranker", {"load_at_start": started, "features": len(NAMES), "cpu_ms": figures})
    for name, row in figures.items():
        print(f"{name:45s} p50 {row['p50']:.3f} ms   p95 {row['p95']:.3f} ms")
    print(f"kept in {path}")


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Percentiles of the CPU ms of one call."""
    for _ in range(20):
        work()
    took = []
    for _ in range(TIMES):
        began = time.thread_time_ns()
        work()
        took.append((time.thread_time_ns() - began) / 1e6)
    return {f"p{q}": round(float(np.percentile(took, q)), 3) for q in (50, 95, 99)}


def viewer(keys: np.ndarray, rng: np.random.Generator) -> UserState:
    """60 liked and 10 skipped reels."""
    history = rng.choice(keys, 70, replace=False)
    return UserState(
        user_id="u",
        history=history,
        history_at=NOW - 3600.0 * np.arange(70, 0, -1),
        history_watched=np.ones(70, np.float32),
        history_value=np.where(np.arange(70) % 7 == 3, -0.4, 0.8).astype(np.float32),
        history_kinds=np.zeros(70, np.uint16),
    )


def made_up(rng: np.random.Generator) -> Snapshot:
    """Everything a snapshot can hold but a sequence model, at random."""
    n = REELS
    content = rng.normal(size=(n, DIM)).astype(np.float32)
    content /= np.linalg.norm(content, axis=1, keepdims=True)
    factors = (0.1 * rng.normal(size=(n, FACTORS))).astype(np.float32)
    popularity = rng.beta(2, 5, n).astype(np.float32)
    shown = rng.integers(0, 5000, n)
    public = b'"reel_id":"r","title":"t","tags":[],"creator_id":"c","duration_sec":15,"media_url":"","poster_url":""'
    return Snapshot(
        manifest=Manifest("made-up", NOW, "s", n, DIM, FACTORS, (), (), tuple(map(str, range(50))), n, n),
        keys=np.sort(rng.choice(2**62, n, replace=False)).astype(np.int64),
        rows=np.arange(n, dtype=np.int32),
        creators=rng.integers(1, n // 20, n),
        published=NOW - rng.uniform(0, 3e7, n),
        durations=rng.uniform(5, 60, n).astype(np.float32),
        regions=np.full(n, -1, np.int16),
        languages=np.full(n, -1, np.int16),
        topics=rng.integers(0, 50, n).astype(np.int16),
        duplicates=np.arange(n, dtype=np.int32),
        active=np.ones(n, np.bool_),
        impressions=shown,
        creator_impressions=20 * shown,
        usual_rate=np.zeros(n, np.float32),
        content=Codes.of(content),
        projection=np.zeros((DIM, DIM), np.float32),
        centre=np.zeros(DIM, np.float32),
        cf=neighbours(rng),
        next=neighbours(rng),
        factors=Codes.of(factors),
        gramian=(factors.T @ factors).astype(np.float32),
        popularity=popularity,
        region_best=np.empty(0, np.float32),
        language_best=np.empty(0, np.float32),
        reels=np.frombuffer(public * n, np.uint8),
        reels_offsets=np.arange(n + 1, dtype=np.int64) * len(public),
        groups=groups(rng),
    )


def neighbours(rng: np.random.Generator) -> Table:
    """A full table."""
    indptr = np.arange(REELS + 1, dtype=np.int64) * NEAR
    weights = rng.random(REELS * NEAR).astype(np.float32)
    return Table.of(Neighbours(indptr, rng.integers(0, REELS, REELS * NEAR).astype(np.int32), weights))


def groups(rng: np.random.Generator) -> dict[str, Arrays]:
    """Words, linear model, recency and trees."""
    linear, alike = neighbours(rng), neighbours(rng)
    table = rng.normal(size=(400 * 100, len(NAMES))).astype(np.float32)
    labels = np.zeros(len(table), np.uint8)
    labels[table.sum(axis=1).reshape(400, 100).argmax(axis=1) + 100 * np.arange(400)] = 1
    parts = {name: np.abs(table[:, i]) for i, name in enumerate(BLEND_PARTS)}
    examples = Examples(NAMES, table, labels, np.full(400, 100, np.int64), parts)
    half_lives = np.array(HALF_LIVES_DAYS, np.float32)
    width = ShallowConfig().dim
    items = Codes.of(rng.normal(size=(REELS, width)).astype(np.float32))
    return {
        "shallow": {
            "items_codes": items.codes,
            "items_scales": items.scales,
            "bias": np.zeros(REELS, np.float32),
            "unmet": np.zeros(1, np.float32),
            "text": np.zeros((DIM, width), np.float32),
            "fades": np.array(ShallowConfig().fades, np.float32),
            "matrices": np.stack([np.eye(width, dtype=np.float32)] * len(ShallowConfig().fades)),
            "length": np.array([ShallowConfig().length], np.float32),
        },
        "ranker": fit(examples, replace(RankerConfig(), least_in_leaf=20)),
        "recent": {
            "counts": rng.exponential(10, (len(half_lives), REELS)).astype(np.float32),
            "half_lives": half_lives,
            "stage": rng.random(REELS).astype(np.float32),
        },
        "words": {
            "terms": rng.integers(0, BUCKETS, (REELS, TERMS)).astype(np.int32),
            "term_weights_codes": np.full((REELS, TERMS), 127, np.int8),
            "term_weights_scales": np.full(REELS, TERMS**-0.5 / 127, np.float32),
            **{f"alike_{part.name}": getattr(alike, part.name) for part in fields(alike)},
        },
        "ease": {
            **{f"ease_{part.name}": getattr(linear, part.name) for part in fields(linear)},
        },
    }


if __name__ == "__main__":
    main()
