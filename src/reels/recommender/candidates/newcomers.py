"""Reels nobody has taken to yet that promise this viewer most."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.recommender.models import Models
from reels.recommender.newcomers import promises, untried
from reels.recommender.stages import Viewer

MOST = 10_000
"""Newest of them that are compared."""


class Newcomers:
    """Compares all untried reels by what they promise (`recommender.newcomers`): 1 ms for two thousand of them."""

    name = "newcomers"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        if not len(viewer.evidence.liked) or limit <= 0:
            return np.empty(0, np.int32)
        unliked = models.current[np.flatnonzero(models.snapshot.factors.scales[: models.base] == 0)]
        rows: Rows = np.unique(np.concatenate([unliked, np.arange(models.base, models.n)])).astype(np.int32)
        rows = rows[models.active[rows] & (models.published[rows] <= query.now)]
        rows = rows[untried(models, policy, rows)]
        if len(rows) > MOST:
            rows = np.sort(rows[np.argsort(-models.published[rows], kind="stable")[:MOST]])
        promised = promises(viewer.evidence, models, rows)
        best = np.lexsort((rows, -promised))[:limit]
        return np.asarray(rows[best[promised[best] > 0]], np.int32)
