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
        late = np.arange(models.base, models.n, dtype=np.int32)
        late = late[in_sorted(models.creators[late], following)]
        rows = np.concatenate([models.orders.reels_of(following)[0], late])
        rows = rows[models.active[rows]]
        newest: Rows = rows[np.lexsort((rows, -models.published[rows]))][:limit]
        return newest
