"""The exploration part: how little is known of a reel."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer

FORGET_SEC = 14 * 86_400.0
"""Age at which a reel's newness has fallen to 1/e."""


class Exploration:
    """The width of an upper confidence bound (UCB1, Auer et al. 2002), 1 / sqrt(1 + shown / trial), times newness.

    `trial` is the policy's fair trial. Newness falls from 1 to 1/2 with age: an old reel nobody was shown is less of a
    promise than a new one. A bonus, not a lottery: the chance is in the selection, with known propensities.
    """

    name = "exploration"

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        trial = max(policy.fair_trial_impressions, 1)
        width = 1.0 / np.sqrt(1.0 + models.impressions[rows] / trial)
        age = np.maximum(query.now - models.published[rows], 0.0)
        return (width * (0.5 + 0.5 * np.exp(-age / FORGET_SEC))).astype(np.float32)
