"""What is popular where the viewer lives, in the viewer's language, and everywhere."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Popular:
    """Takes turns between the orders of the viewer's region, of the viewer's language, and of everybody."""

    name = "popular"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        orders, manifest = models.orders, models.snapshot.manifest
        lists = [orders.popular]
        if viewer.state.language in manifest.languages and orders.popular_by_language:
            lists.insert(0, orders.popular_by_language[manifest.languages.index(viewer.state.language)])
        if viewer.state.region in manifest.regions and orders.popular_by_region:
            lists.insert(0, orders.popular_by_region[manifest.regions.index(viewer.state.region)])
        if not models.base:
            lists = [_of_tail(models)]
        heads = [rows[: 2 * limit] for rows in lists]
        turns = np.concatenate([_padded(rows, 2 * limit) for rows in heads]).reshape(len(heads), -1).T.ravel()
        turns = turns[turns >= 0]
        rows = models.current[turns] if models.base else turns
        _, first = np.unique(rows, return_index=True)
        rows = rows[np.sort(first)]
        found: Rows = rows[models.active[rows]][:limit].astype(np.int32)
        return found


def _of_tail(models: Models) -> Rows:
    """Before the first snapshot everything is tail."""
    return np.argsort(-models.popularity, kind="stable").astype(np.int32)


def _padded(rows: Rows, length: int) -> Rows:
    return np.pad(rows, (0, length - len(rows)), constant_values=-1)
