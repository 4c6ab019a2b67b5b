"""What the shallow sequence model expects next."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.learning.codes import Codes
from reels.recommender.models import Models
from reels.recommender.shallow import GROUP, expected, opinions
from reels.recommender.stages import Viewer


class Shallow:
    """Scores every reel of the snapshot (of a large one its head) and those that came later. Needs its model."""

    name = "shallow"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        wanted = expected(viewer.evidence, models)
        if wanted is None or limit <= 0:
            return np.empty(0, np.int32)
        known, scores = _searched(models, wanted)
        late = np.arange(models.base, models.n, dtype=np.int32)
        late = late[models.origin[late] < 0]
        rows = np.concatenate([models.current[known], late])
        scores = np.concatenate([scores, np.nan_to_num(opinions(models, wanted, late), nan=-np.inf)])
        scores[~models.active[rows]] = -np.inf
        best = np.argpartition(-scores, min(limit, len(scores)) - 1)[:limit]
        best = best[np.lexsort((best, -scores[best]))]
        return np.asarray(rows[best[scores[best] > -np.inf]], np.int32)


def _searched(models: Models, wanted: Floats) -> tuple[Rows, Floats]:
    """Rows of the snapshot and what is said of them; -inf where nothing is known."""
    snapshot = models.snapshot
    items, bias = snapshot.coded(GROUP, "items"), snapshot.groups[GROUP]["bias"]
    rows = np.arange(models.base, dtype=np.int32)
    if (head := snapshot.groups.get("head")) is not None:
        rows = np.asarray(head["rows"])
        items, bias = Codes(items.codes[rows], items.scales[rows]), bias[rows]
    agreed = items.product(wanted)
    return rows, np.where(items.known(), agreed + bias, np.float32(-np.inf))
