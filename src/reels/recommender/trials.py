"""The fair trial: a new creator's reel is shown until enough viewers have had the chance to judge it."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import Floats, Rows
from reels.recommender.models import Models

NEW_FOR_SEC = 30 * 86_400.0
"""A creator is new for so long after the first published reel, ..."""
NEW_TRIALS = 10
"""... or until reels of theirs have been shown so many fair trials' worth, whichever ends first."""


def under_trial(models: Models, policy: Policy, rows: Rows, now: float) -> Floats:
    """float32[n] in 0..1: how much of its fair trial a new creator's reel still has before it; 0 = not on trial."""
    trial = max(policy.fair_trial_impressions, 1)
    left = 1.0 - models.impressions[rows] / trial
    since = models.orders.since(models.creators[rows])
    new = (now - since < NEW_FOR_SEC) & (models.creator_impressions[rows] < NEW_TRIALS * trial)
    return np.where(new, np.maximum(left, 0.0), 0.0).astype(np.float32)
