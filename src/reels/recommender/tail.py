"""New and changed reels since the snapshot, as columns that continue the snapshot's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys, key_of
from reels.core.ports import StoredReel
from reels.core.public import public_fields
from reels.core.types import Floats, ReelStatus, Rows
from reels.learning.snapshot import Snapshot
from reels.recommender.orders import Orders

TOPIC_NEAR = 0.15
"""A new reel belongs to the topic it is nearest to, if at least so near (cosine)."""


@dataclass(frozen=True, slots=True)
class TailReel:
    """One reel of the tail, prepared once: what each rebuild of the columns only copies."""

    key: int
    creator: int
    published: float
    duration: float
    region: str
    language: str
    active: bool
    views: int
    json: bytes


@dataclass(frozen=True, slots=True)
class Tail:
    """t reels, each the newest version of its own, in order of arrival. Columns as in `Models`."""

    reels: tuple[TailReel, ...] = ()
    keys: Keys = field(default_factory=lambda: np.empty(0, np.int64))
    content: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    regions: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    languages: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    topics: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    origin: Rows = field(default_factory=lambda: np.empty(0, np.int32))
    """Row of the same reel in the snapshot, -1 for a new reel."""


def prepare(stored: StoredReel) -> TailReel:
    """The parts of a stored reel that the feed needs. Without publication time the arrival counts."""
    reel = stored.reel
    return TailReel(
        key=key_of(reel.reel_id),
        creator=key_of(reel.creator_id),
        published=stored.added_at if reel.published_at is None else reel.published_at,
        duration=np.nan if reel.duration_sec is None else reel.duration_sec,
        region=reel.region,
        language=reel.language,
        active=reel.status is ReelStatus.ACTIVE,
        views=reel.stats.views,
        json=public_fields(reel),
    )


def tail_of(
    snapshot: Snapshot, orders: Orders, reels: Sequence[TailReel], vectors: Mapping[int, NDArray[np.float32]]
) -> Tail:
    """Columns of the reels. `vectors`: raw embeddings by reel key, of the snapshot's space; others stay zero rows."""
    keys = np.array([reel.key for reel in reels], np.int64)
    origin = _places(snapshot.keys, keys)
    content = _content(snapshot, keys, vectors)
    lost = ~content.any(axis=1) & (origin >= 0)
    if lost.any():
        content[lost] = snapshot.content.take(origin[lost])
    region_of = {name: place for place, name in enumerate(snapshot.manifest.regions)}
    language_of = {name: place for place, name in enumerate(snapshot.manifest.languages)}
    return Tail(
        reels=tuple(reels),
        keys=keys,
        content=content,
        regions=np.array([region_of.get(reel.region, -1) for reel in reels], np.int16),
        languages=np.array([language_of.get(reel.language, -1) for reel in reels], np.int16),
        topics=_topics(orders, content),
        origin=origin,
    )


def _places(known: Keys, keys: Keys) -> Rows:
    if not len(known):
        return np.full(len(keys), -1, np.int32)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, at, -1).astype(np.int32)


def _content(snapshot: Snapshot, keys: Keys, vectors: Mapping[int, NDArray[np.float32]]) -> Floats:
    """unit(project(raw - centre)), as the snapshot's own rows were made; zero without a usable vector."""
    wide, narrow = snapshot.projection.shape
    out = np.zeros((len(keys), narrow), np.float32)
    have = [i for i, key in enumerate(keys.tolist()) if key in vectors and vectors[key].shape == (wide,)]
    if not have or not narrow:
        return out
    raw = np.stack([vectors[int(keys[i])] for i in have])
    projected = (raw - snapshot.centre) @ snapshot.projection
    projected[~raw.any(axis=1)] = 0.0
    norms = np.linalg.norm(projected, axis=1, keepdims=True)
    out[have] = np.divide(projected, norms, out=np.zeros_like(projected), where=norms > 1e-12)
    return out


def _topics(orders: Orders, content: Floats) -> NDArray[np.int16]:
    if not len(orders.topic_centres) or not len(content):
        return np.full(len(content), -1, np.int16)
    near = content @ orders.topic_centres.T
    return np.where(near.max(axis=1) >= TOPIC_NEAR, near.argmax(axis=1), -1).astype(np.int16)
