"""The newest reels, the viewer's language first."""

from bisect import bisect_left

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Fresh:
    """Newest by publication, tail included; the newer half of what is found is put in language order."""

    name = "fresh"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        rows = newest_first(models, 2 * limit, query.now)
        manifest = models.snapshot.manifest
        if viewer.state.language not in manifest.languages:
            return rows[:limit]
        foreign = models.languages[rows] != manifest.languages.index(viewer.state.language)
        foreign &= models.languages[rows] >= 0
        return rows[np.argsort(foreign, kind="stable")][:limit]


class Latest:
    """Newest first and nothing else: the one source of the "Latest" mode."""

    name = "latest"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        return newest_first(models, limit, query.now)


def newest_first(models: Models, limit: int, now: float) -> Rows:
    """Active rows by publication, newest first; what is dated in the future waits."""
    wanted = limit + len(models.tail_keys)
    late = np.arange(models.base, models.n, dtype=np.int32)
    head = models.orders.newest
    start = bisect_left(range(len(head)), True, key=lambda place: bool(models.published[head[place]] <= now))
    rows = np.concatenate([head[start : start + wanted], late])
    rows = rows[models.active[rows] & (models.published[rows] <= now)]
    newest: Rows = rows[np.lexsort((rows, -models.published[rows]))][:limit]
    return newest
