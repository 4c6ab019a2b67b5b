"""Reels of new creators that have not had their fair trial, the most shown first: a trial begun is brought to its end.

The other way round, the least shown first, hardly a trial ended: 2 of 51 in a simulated month, and 31 of 51 this way,
at about the same traffic (`docs/month.md`; the first with 200 viewers and two pages a day, the second with 1,000).
"""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer
from reels.recommender.trials import under_trial

SEARCHED = 4000
"""Newest rows that are looked through: a new creator's reels are new."""


class NewCreators:
    """Most impressions first, then oldest, so that they end one after the other; the viewer's language first."""

    name = "new_creators"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        late = np.arange(models.base, models.n, dtype=np.int32)
        rows = np.concatenate([late, models.orders.newest[:SEARCHED]])
        rows = rows[models.active[rows] & (models.published[rows] <= query.now)]
        rows = rows[under_trial(models, policy, rows, query.now) > 0]
        foreign = np.zeros(len(rows), np.bool_)
        languages = models.snapshot.manifest.languages
        if viewer.state.language in languages:
            own = models.languages[rows]
            foreign = (own >= 0) & (own != languages.index(viewer.state.language))
        order = np.lexsort((rows, models.published[rows], -models.impressions[rows], foreign))
        found: Rows = rows[order][:limit]
        return found
