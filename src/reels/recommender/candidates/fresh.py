"""The newest reels, the viewer's language first."""

from bisect import bisect_left

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer

_NOTHING: tuple[float, float, Rows] = (np.inf, -np.inf, np.empty(0, np.int32))


class Fresh:
    """Newest by publication, tail included; the newer half of what is found is put in language order.

    The same for all viewers of a language until other models come or a reel that is dated in the future is due, so it
    is kept until then: every page asks.
    """

    name = "fresh"

    def __init__(self) -> None:
        self._kept: tuple[Models, dict[tuple[str, int], tuple[float, float, Rows]]] | None = None

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        """As `Source`. Several threads may ask at once: they find the same."""
        kept = self._kept
        if kept is None or kept[0] is not models:
            kept = self._kept = (models, {})
        language = viewer.state.language
        asked = (language if language in models.snapshot.manifest.languages else "", limit)
        since, until, rows = kept[1].get(asked, _NOTHING)
        if not since <= query.now < until:
            rows = self._find(query, viewer, models, limit)
            kept[1][asked] = (query.now, _next_due(models, query.now), rows)
        return rows

    def _find(self, query: FeedQuery, viewer: Viewer, models: Models, limit: int) -> Rows:
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
    start = _due(models, now)
    rows = np.concatenate([head[start : start + wanted], late])
    rows = rows[models.active[rows] & (models.published[rows] <= now)]
    newest: Rows = rows[np.lexsort((rows, -models.published[rows]))][:limit]
    return newest


def _due(models: Models, now: float) -> int:
    """Place of the newest reel that is out, in the order of the newest."""
    head = models.orders.newest
    return bisect_left(range(len(head)), True, key=lambda place: bool(models.published[head[place]] <= now))


def _next_due(models: Models, now: float) -> float:
    """When the next reel that is dated in the future is out."""
    late = models.published[models.base :]
    start = _due(models, now)
    coming = models.published[models.orders.newest[max(0, start - 1) : start]]
    return float(min(coming.min(initial=np.inf), late[late > now].min(initial=np.inf)))
