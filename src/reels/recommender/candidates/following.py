"""The newest reels of creators the viewer follows."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.recommender.membership import in_sorted
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Following:
    """Newest first over all followed creators."""

    name = "following"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        following = np.sort(viewer.state.following)
        if not len(following):
            return np.empty(0, np.int32)
        rows = np.flatnonzero(in_sorted(models.creators, following) & models.active).astype(np.int32)
        newest: Rows = rows[np.lexsort((rows, -models.published[rows]))][:limit]
        return newest
