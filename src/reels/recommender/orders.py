"""What can be sorted once per snapshot instead of once per request."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import NO_KEYS, Keys, key_of
from reels.core.types import Floats, Rows, Times
from reels.learning.snapshot import Snapshot

KEPT = 20_000
"""Rows kept in an order by region or language; the overall orders are whole."""
UNKNOWN_CREATORS = np.array([0, key_of("")], np.int64)
"""Creator keys that stand for "not known": no two reels of them are of the same creator."""


def _no_rows() -> Rows:
    return np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Orders:
    """Rows of the snapshot in several orders, and what is known of creators. int32 columns."""

    popular: Rows = field(default_factory=_no_rows)
    """int32[n], most popular first."""
    popular_by_region: tuple[Rows, ...] = ()
    popular_by_language: tuple[Rows, ...] = ()
    newest: Rows = field(default_factory=_no_rows)
    """int32[n], newest first."""
    creators: Keys = field(default_factory=lambda: NO_KEYS)
    """int64[c], the distinct creators, ascending."""
    creator_row: Rows = field(default_factory=_no_rows)
    """int32[c], one row of each creator."""
    creator_since: Times = field(default_factory=lambda: np.empty(0))
    """float64[c], when the creator's first reel was published; -inf for the unknown creator."""
    usual_popularity: float = 0.0
    """Median of the popularity: what is assumed of a reel nobody has judged yet."""
    topic_centres: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """float32[topics, d], mean content vector of each topic, unit."""

    def since(self, creators: Keys) -> NDArray[np.float64]:
        """When each creator's first reel was published; +inf = no reel in the snapshot (brand new)."""
        if not len(self.creators):
            return np.full(len(creators), np.inf)
        at = np.minimum(np.searchsorted(self.creators, creators), len(self.creators) - 1)
        since = np.where(self.creators[at] == creators, self.creator_since[at], np.inf)
        since[(creators == UNKNOWN_CREATORS[0]) | (creators == UNKNOWN_CREATORS[1])] = -np.inf
        return since


def orders_of(snapshot: Snapshot) -> Orders:
    """All orders of a snapshot. 1M rows take about a second: done once, off the event loop."""
    by_creator = np.argsort(snapshot.creators, kind="stable").astype(np.int32)
    creators, first = np.unique(snapshot.creators[by_creator], return_index=True)
    since = np.minimum.reduceat(snapshot.published[by_creator], first) if len(first) else np.empty(0)
    popularity = np.asarray(snapshot.popularity)
    return Orders(
        popular=_descending(popularity),
        popular_by_region=tuple(_descending(one)[:KEPT] for one in snapshot.popularity_by_region),
        popular_by_language=tuple(_descending(one)[:KEPT] for one in snapshot.popularity_by_language),
        newest=_descending(snapshot.published),
        creators=creators,
        creator_row=by_creator[first],
        creator_since=since,
        usual_popularity=float(np.median(popularity)) if len(popularity) else 0.0,
        topic_centres=_topic_centres(snapshot),
    )


def _descending(values: NDArray[np.floating]) -> Rows:
    """Rows from the largest value; equal values in row order; NaN last."""
    return np.argsort(-np.asarray(values), kind="stable").astype(np.int32)


def _topic_centres(snapshot: Snapshot) -> Floats:
    count = len(snapshot.manifest.topics)
    centres = np.zeros((count, snapshot.content.shape[1]), np.float32)
    topics = np.asarray(snapshot.topics)
    for topic in range(count):
        members = np.flatnonzero(topics == topic)
        if len(members):
            centres[topic] = snapshot.content[members[:5000]].mean(axis=0)
    norms = np.linalg.norm(centres, axis=1, keepdims=True)
    unit: Floats = np.divide(centres, norms, out=np.zeros_like(centres), where=norms > 0)
    return unit
