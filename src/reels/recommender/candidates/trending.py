"""What is watched far above its usual rate now."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Trending:
    """Strongest trend first; the viewer's region and language first among equals."""

    name = "trending"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        rows = models.hot[models.active[models.hot]]
        manifest, state = models.snapshot.manifest, viewer.state
        near = np.zeros(len(rows), np.float32)
        if state.region in manifest.regions:
            near += models.regions[rows] == manifest.regions.index(state.region)
        if state.language in manifest.languages:
            near += models.languages[rows] == manifest.languages.index(state.language)
        return rows[np.lexsort((rows, -near, -models.trending[rows]))][:limit]
