"""A small, deterministic snapshot for everybody's tests: plausible in every column, and checked like a real one."""

import json

import numpy as np

from reels.core.keys import key_of, keys_of
from reels.core.types import Floats
from reels.learning.codes import Codes
from reels.learning.popularity import best_of_each
from reels.learning.snapshot import Manifest, Neighbours, Snapshot, Table

REGIONS = ("IN", "US", "BR")
LANGUAGES = ("en", "hi", "pt")
NOW = 1_750_000_000.0


def reel_name(i: int) -> str:
    """Id of the i-th reel made (not its row: rows are in key order)."""
    return f"r{i:05d}"


def _neighbours(rng: np.random.Generator, topics: np.ndarray, k: int) -> Table:
    n = len(topics)
    indptr, indices, weights = [0], [], []
    for row in range(n):
        same = np.flatnonzero(topics == topics[row])
        near = rng.permutation(same[same != row])[:k]
        indices += near.tolist()
        weights += np.sort(rng.uniform(0.05, 1.0, len(near)))[::-1].tolist()
        indptr.append(len(indices))
    return Table.of(Neighbours(np.array(indptr, np.int64), np.array(indices, np.int32), np.array(weights, np.float32)))


def _unit(rows: np.ndarray) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def make_snapshot(n_reels: int = 200, n_users: int = 50, seed: int = 0, *, dim: int = 16, factors: int = 8) -> Snapshot:
    """Reels `r00000`.. of n_reels // 10 creators `c000`.. in up to 8 topics; `n_users` only enters the manifest.

    Neighbours and content follow the topics, so that something can be recommended. Every 40th reel has no content,
    every 50th is inactive, every 20th is two hours old and has no impressions; reel 1 is a near-duplicate of reel 0.
    """
    rng = np.random.default_rng(seed)
    ids = sorted((reel_name(i) for i in range(n_reels)), key=key_of)
    number = np.array([int(one[1:]) for one in ids], np.int64)
    keys = keys_of(ids)
    creators_n = max(1, n_reels // 10)
    creator_ids = [f"c{i % creators_n:03d}" for i in number]
    n_topics = max(1, min(8, n_reels // 5))
    topics = (number % n_topics).astype(np.int16)
    means = rng.normal(size=(n_topics, dim))
    content = _unit(means[topics] + 0.5 * rng.normal(size=(n_reels, dim)))
    content[number % 40 == 39] = 0
    tastes = rng.normal(size=(n_topics, factors))
    item_factors: Floats = np.asarray((tastes[topics] + 0.5 * rng.normal(size=(n_reels, factors))) * 0.1, np.float32)
    new = number % 20 == 19
    impressions = np.where(new, 0, rng.integers(0, 5000, n_reels)).astype(np.int64)
    creators = keys_of(creator_ids)
    _, inverse = np.unique(creators, return_inverse=True)
    popularity = rng.beta(2, 5, n_reels).astype(np.float32)
    duplicates = np.arange(n_reels, dtype=np.int32)
    if n_reels > 1:
        duplicates[number == 1] = np.flatnonzero(number == 0)[0]
        duplicates[number == 0] = np.flatnonzero(number == 0)[0]
    regions = (number % len(REGIONS)).astype(np.int16)
    languages = (number % len(LANGUAGES)).astype(np.int16)
    blobs = [
        json.dumps(
            {
                "reel_id": one,
                "title": f"Reel {i} about topic{i % n_topics}",
                "tags": [f"topic{i % n_topics}"],
                "creator_id": creator,
                "duration_sec": 15.0,
                "media_url": "",
                "poster_url": "",
            },
            separators=(",", ":"),
        )[1:-1].encode()
        for one, i, creator in zip(ids, number.tolist(), creator_ids, strict=True)
    ]
    manifest = Manifest(
        version=f"test-{n_reels}-{n_users}-{seed}",
        created_at=NOW,
        space="test",
        rows=n_reels,
        content_dim=dim,
        factors=factors,
        regions=REGIONS,
        languages=LANGUAGES,
        topics=tuple(f"topic{i}" for i in range(n_topics)),
        events=n_users * 20,
        users=n_users,
    )
    return Snapshot(
        manifest=manifest,
        keys=keys,
        rows=np.arange(n_reels, dtype=np.int32),
        creators=creators,
        published=np.where(new, NOW - 7200, NOW - rng.uniform(86_400, 90 * 86_400, n_reels)).astype(np.float64),
        durations=np.full(n_reels, 15.0, np.float32),
        regions=regions,
        languages=languages,
        topics=topics,
        duplicates=duplicates,
        active=number % 50 != 49,
        impressions=impressions,
        creator_impressions=np.bincount(inverse, impressions)[inverse].astype(np.int64),
        usual_rate=(impressions / (7 * 86_400)).astype(np.float32),
        content=Codes.of(content),
        projection=np.eye(dim, dtype=np.float32),
        centre=np.zeros(dim, np.float32),
        cf=_neighbours(rng, topics, 10),
        next=_neighbours(rng, topics, 10),
        factors=Codes.of(item_factors),
        gramian=item_factors.T @ item_factors,
        popularity=popularity,
        region_best=best_of_each(popularity, regions, len(REGIONS)),
        language_best=best_of_each(popularity, languages, len(LANGUAGES)),
        reels=np.frombuffer(b"".join(blobs), np.uint8),
        reels_offsets=np.concatenate(([0], np.cumsum([len(one) for one in blobs]))).astype(np.int64),
    )
