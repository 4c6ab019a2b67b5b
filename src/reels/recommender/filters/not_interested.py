"""Nothing the viewer said no to."""

import numpy as np

from reels.core.types import FeedQuery, Mask, Rows
from reels.recommender.membership import in_sorted
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class NotInterested:
    """Drops reels marked "not interested", also where the seen set has been lost."""

    name = "not_interested"

    def keep(self, query: FeedQuery, viewer: Viewer, models: Models, rows: Rows) -> Mask:
        if not len(viewer.state.not_interested):
            return np.ones(len(rows), np.bool_)
        return ~in_sorted(models.keys[rows], np.sort(viewer.state.not_interested))
