"""Not the same film again under another id."""

import numpy as np

from reels.core.types import FeedQuery, Mask, Rows
from reels.recommender.membership import in_sorted
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class NearDuplicate:
    """Drops near-duplicates of anything in the history or served lately. Groups come from preprocessing."""

    name = "near_duplicate"

    def keep(self, query: FeedQuery, viewer: Viewer, models: Models, rows: Rows) -> Mask:
        served = models.rows_of(viewer.served)
        shown = np.concatenate([viewer.evidence.newest, served[served >= 0]])
        return ~in_sorted(models.duplicates[rows], np.sort(models.duplicates[shown]))
