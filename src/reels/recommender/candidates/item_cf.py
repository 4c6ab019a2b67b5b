"""Reels next to the liked ones in an item-item table: watched by the same viewers, right after, like in words."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.learning.snapshot import Snapshot, Table
from reels.recommender.models import Models
from reels.recommender.neighbours import merged
from reels.recommender.stages import Viewer


class ItemCf:
    """Table of the liked reels in one item-item table, summed with a fade from the newest reel on.

    `item_cf` reads the symmetric table with a slow fade (0.85 a reel), `watched_next` the directional one with a fast
    fade (0.5 a reel): what comes next depends on what was watched last.
    """

    def __init__(self, name: str, table: str, fade: float, read: int) -> None:
        self.name, self.table, self.fade, self.read = name, table, fade, read

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        table = _table(models.snapshot, self.table)
        if table is None:
            return np.empty(0, np.int32)
        liked = models.origin[viewer.evidence.liked[: self.read]]
        strengths = viewer.evidence.liked_value[: self.read] * _fading(len(liked), self.fade)
        rows, sums, _ = merged(table, liked, strengths)
        return _best(models, rows, sums, limit)


class TwoSteps:
    """What is watched next after what is watched next: reaches reels that few viewers connect with the liked ones."""

    name = "two_steps"
    read = 4
    fade = 0.5

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        table = models.snapshot.next
        liked = models.origin[viewer.evidence.liked[: self.read]]
        strengths = viewer.evidence.liked_value[: self.read] * _fading(len(liked), self.fade)
        between, sums, _ = merged(table, liked, strengths)
        rows, sums, _ = merged(table, between, sums)
        return _best(models, rows, sums, limit)


def also_watched() -> ItemCf:
    """The symmetric table."""
    return ItemCf("item_cf", "cf", fade=0.85, read=50)


def watched_next() -> ItemCf:
    """The directional table."""
    return ItemCf("watched_next", "next", fade=0.5, read=12)


def alike_in_words() -> ItemCf:
    """The nearest by words, tags and creator."""
    return ItemCf("words", "words.alike", fade=0.6, read=12)


def linear() -> ItemCf:
    """EASE."""
    return ItemCf("ease", "ease.ease", fade=0.95, read=50)


def _table(snapshot: Snapshot, name: str) -> Table | None:
    """A table of the snapshot, or `group.table` of one of its groups; None where it has not that group."""
    group, dot, table = name.partition(".")
    if not dot:
        found: Table = getattr(snapshot, name)
        return found
    return snapshot.table(group, table) if group in snapshot.groups else None


def _best(models: Models, rows: Rows, sums: Floats, limit: int) -> Rows:
    """The active ones, largest sum first."""
    rows = models.current[rows]
    rows = rows[np.lexsort((rows, -sums))]
    return rows[models.active[rows]][:limit]


def _fading(n: int, fade: float) -> Floats:
    return np.float32(fade) ** np.arange(n, dtype=np.float32)
