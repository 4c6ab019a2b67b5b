"""What was sorted once for each snapshot instead of once per request (`learning.orders`)."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import NO_KEYS, Keys, key_of
from reels.core.types import Floats, Rows, Times
from reels.learning.orders import order_arrays
from reels.learning.snapshot import Snapshot
from reels.recommender.key_places import directory_of

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
    recent: Rows = field(default_factory=_no_rows)
    """int32[<= n], as liked lately."""
    creators: Keys = field(default_factory=lambda: NO_KEYS)
    """int64[c], the distinct creators, ascending."""
    creator_since: Times = field(default_factory=lambda: np.empty(0))
    """float64[c], when the creator's first reel was published."""
    creator_first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    """int64[c+1]: creator i has the rows by_creator[first[i]:first[i+1]], ascending."""
    by_creator: Rows = field(default_factory=_no_rows)
    """int32[n]"""
    directory: Rows = field(default_factory=lambda: directory_of(NO_KEYS))
    """Where keys are (`key_places`)."""
    usual_popularity: float = 0.0
    """Median of the popularity: what is assumed of a reel nobody has judged yet."""
    topic_centres: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """float32[topics, d], mean content vector of each topic, unit."""

    def since(self, creators: Keys) -> NDArray[np.float64]:
        """When each creator's first reel was published; +inf = no reel in the snapshot (brand new)."""
        places = self._places(creators)
        if not len(self.creators):
            return np.full(len(creators), np.inf)
        since = np.where(places >= 0, self.creator_since[np.maximum(places, 0)], np.inf)
        since[(creators == UNKNOWN_CREATORS[0]) | (creators == UNKNOWN_CREATORS[1])] = -np.inf
        return since

    def reels_of(self, creators: Keys) -> tuple[Rows, NDArray[np.int64]]:
        """All rows of these creators, creator by creator, and how many each has: int32[m], int64[len(creators)]."""
        places = self._places(creators)
        known = np.maximum(places, 0)
        if not len(self.creators) or not len(creators):
            return _no_rows(), np.zeros(len(creators), np.int64)
        counts = np.where(places >= 0, self.creator_first[known + 1] - self.creator_first[known], 0)
        starts = np.repeat(self.creator_first[known] - (np.cumsum(counts) - counts), counts)
        return self.by_creator[starts + np.arange(counts.sum())], counts

    def _places(self, creators: Keys) -> NDArray[np.int64]:
        """Place of each creator, -1 = not there."""
        if not len(self.creators):
            return np.full(len(creators), -1)
        at = np.minimum(np.searchsorted(self.creators, creators), len(self.creators) - 1)
        return np.where(self.creators[at] == creators, at, -1)


def orders_of(snapshot: Snapshot) -> Orders:
    """The orders of a snapshot: as they lie in it, else sorted now (1M rows take seconds)."""
    arrays = snapshot.groups.get("orders") or order_arrays(snapshot)
    plain = ("popular", "newest", "recent", "creators", "creator_since", "creator_first", "by_creator", "topic_centres")
    return Orders(
        **{name: arrays[name] for name in plain},
        popular_by_region=tuple(arrays["by_region"]),
        popular_by_language=tuple(arrays["by_language"]),
        directory=directory_of(snapshot.keys),
        usual_popularity=float(arrays["usual_popularity"][0]),
    )
