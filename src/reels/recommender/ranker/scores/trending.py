"""The trending boost."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Trending:
    """How far above its usual rate a reel is watched now, 0..1."""

    name = "trending"

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        return np.asarray(models.trending[rows], np.float32)
