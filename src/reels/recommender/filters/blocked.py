"""Nothing of a creator the viewer has blocked."""

import numpy as np

from reels.core.types import FeedQuery, Mask, Rows
from reels.recommender.membership import in_sorted
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Blocked:
    """Drops every reel of a blocked creator."""

    name = "blocked"

    def keep(self, query: FeedQuery, viewer: Viewer, models: Models, rows: Rows) -> Mask:
        if not len(viewer.state.blocked):
            return np.ones(len(rows), np.bool_)
        return ~in_sorted(models.creators[rows], np.sort(viewer.state.blocked))
