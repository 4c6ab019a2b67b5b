"""Reels with the largest inner product with the viewer's folded-in factors."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
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
        scores = models.snapshot.factors @ vector
        wanted = min(limit + len(models.tail_keys), len(scores))
        best = np.argpartition(-scores, wanted - 1)[:wanted].astype(np.int32)
        best = best[np.lexsort((best, -scores[best]))]
        best = models.current[best[scores[best] > 0]]
        return best[models.active[best]][:limit]
