"""The exploration part: how much better than known a reel may yet turn out to be."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.local import local_popularity
from reels.recommender.models import Models
from reels.recommender.ranker.loops import fading_age, optimism
from reels.recommender.stages import Viewer

FORGET_SEC = 14 * 86_400.0
"""Age at which a reel's newness has fallen to 1/e."""


class Exploration:
    """Optimism under uncertainty: what a reel promises, times how little is known of it, times its newness.

    promise  the popularity where the viewer is; for a reel nobody has seen it is what its like usually get
    width    that of an upper confidence bound (UCB1, Auer et al. 2002): 1 / sqrt(1 + shown / fair trial)
    newness  falls from 1 to 1/2 with age

    Without the promise a cold viewer's page fills with what nobody knows: on the sample catalogue the mean true
    affinity of a new viewer's first ten reels was then below that of a popularity feed. Chance is not in here: it is
    in the selection, with known propensities.
    """

    name = "exploration"

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        trial = max(policy.fair_trial_impressions, 1)
        newness = np.exp(fading_age(models.published, rows, query.now, FORGET_SEC))
        promise = local_popularity(models, viewer.state, rows)
        return optimism(promise, models.impressions, rows, trial, newness)
