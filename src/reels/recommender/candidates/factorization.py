"""Reels with the largest inner product with the viewer's folded-in factors."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.learning.codes import Codes
from reels.recommender.fold_in import viewer_factors
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Factorization:
    """Implicit ALS with the viewer refolded from the history at request time (`fold_in`)."""

    name = "factorization"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        vector = viewer_factors(viewer.evidence, models)
        if not vector.any() or limit <= 0:
            return np.empty(0, np.int32)
        rows, factors = _searched(models)
        scores = factors.product(vector)
        wanted = min(limit + len(models.tail_keys), len(scores))
        if not wanted:
            return np.empty(0, np.int32)
        best = np.argpartition(-scores, wanted - 1)[:wanted].astype(np.int32)
        best = best[np.lexsort((best, -scores[best]))]
        best = models.current[rows[best[scores[best] > 0]]]
        return best[models.active[best]][:limit]


def _searched(models: Models) -> tuple[Rows, Codes]:
    """Rows of the snapshot and their factors: the head of a large catalogue (`learning.orders`), else all."""
    head = models.snapshot.groups.get("head")
    if head is None:
        return np.arange(models.base, dtype=np.int32), models.snapshot.factors
    return head["rows"], Codes(head["codes"], head["scales"])
