"""Nothing that was blocked, removed or replaced by a newer version."""

import numpy as np

from reels.core.types import FeedQuery, Mask, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Inactive:
    """Drops rows that are not active now, though they were when the candidates were found."""

    name = "inactive"

    def keep(self, query: FeedQuery, viewer: Viewer, models: Models, rows: Rows) -> Mask:
        return np.asarray(models.active[rows], np.bool_)
