"""Reels near one of the viewer's interests."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer
from reels.recommender.tastes import tastes_of

FLOOR = 0.05
"""Cosine below which a reel is not near."""


class Content:
    """Searches each interest by itself and takes turns, so that the largest does not take all places."""

    name = "content"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        tastes = tastes_of(viewer.evidence, models)
        if not len(tastes.vectors) or limit <= 0:
            return np.empty(0, np.int32)
        rows, scores = models.retrieval.nearest(tastes.vectors, limit)
        rows = np.where(scores > FLOOR, rows, -1)
        late = _in_tail(tastes.vectors, models, limit)
        turns = np.concatenate([late, rows], axis=1).T.ravel() if late.shape[1] else rows.T.ravel()
        turns = turns[turns >= 0]
        return _distinct(turns[models.active[turns]])[:limit]


def _in_tail(vectors: Floats, models: Models, limit: int) -> Rows:
    """int32[m, <=limit]: tail rows near each interest, best first, -1 where not near."""
    if not len(models.tail_content):
        return np.empty((len(vectors), 0), np.int32)
    near = vectors @ models.tail_content.T
    order = np.argsort(-near, axis=1, kind="stable")[:, :limit]
    close = np.take_along_axis(near, order, 1) > FLOOR
    return np.where(close, order + models.base, -1).astype(np.int32)


def _distinct(rows: Rows) -> Rows:
    """First meeting of each row, in order."""
    _, first = np.unique(rows, return_index=True)
    return rows[np.sort(first)]
