"""Reels watched by those who watched the same ("also") and reels watched right after ("next")."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.learning.snapshot import Neighbours
from reels.recommender.models import Models
from reels.recommender.neighbours import merged
from reels.recommender.stages import Viewer


class ItemCf:
    """Neighbours of the liked reels in one item-item table, summed with a fade from the newest reel on.

    `item_cf` reads the symmetric table with a slow fade (0.85 a reel), `watched_next` the directional one with a fast
    fade (0.5 a reel): what comes next depends on what was watched last.
    """

    def __init__(self, name: str, table: str, fade: float, read: int) -> None:
        self.name, self.table, self.fade, self.read = name, table, fade, read

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        table: Neighbours = getattr(models.snapshot, self.table)
        liked = models.origin[viewer.evidence.liked[: self.read]]
        strengths = viewer.evidence.liked_value[: self.read] * _fading(len(liked), self.fade)
        rows, sums, _ = merged(table, liked, strengths)
        rows = models.current[rows]
        best = np.lexsort((rows, -sums))
        rows = rows[best]
        return rows[models.active[rows]][:limit]


def also_watched() -> ItemCf:
    """The symmetric table."""
    return ItemCf("item_cf", "cf", fade=0.85, read=50)


def watched_next() -> ItemCf:
    """The directional table."""
    return ItemCf("watched_next", "next", fade=0.5, read=12)


def _fading(n: int, fade: float) -> Floats:
    return np.float32(fade) ** np.arange(n, dtype=np.float32)
