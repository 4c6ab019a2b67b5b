"""The popularity part: where the viewer lives and in the viewer's language where known, else overall; or lately."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.local import local_popularity
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Popularity:
    """Mean of the popularity overall, in the viewer's region and in the viewer's language, as far as known.

    With `popularity_half_life_days` in the policy: log(1 + likes) fading with that half-life, everywhere.
    """

    name = "popularity"

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        recent = models.snapshot.groups.get("recent")
        if policy.popularity_half_life_days <= 0 or recent is None:
            return local_popularity(models, viewer.state, rows)
        half_lives = np.asarray(recent["half_lives"], np.float64)
        nearest = int(np.argmin(np.abs(np.log(half_lives / policy.popularity_half_life_days))))
        origin = models.origin[rows]
        liked = np.log1p(recent["counts"][nearest].take(np.maximum(origin, 0)))
        return np.where(origin >= 0, liked, np.nan).astype(np.float32)
