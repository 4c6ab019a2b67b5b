"""The fair trial: a new creator's reel is shown until enough viewers have had the chance to judge it."""

from reels.core.policy import Policy
from reels.core.types import Floats, Rows
from reels.recommender.models import Models
from reels.recommender.orders import UNKNOWN_CREATORS
from reels.recommender.ranker.loops import trials_left

NEW_FOR_SEC = 30 * 86_400.0
"""A creator is new for so long after the first published reel, ..."""
NEW_TRIALS = 10
"""... or until reels of theirs have been shown so many fair trials' worth, whichever ends first."""


def under_trial(models: Models, policy: Policy, rows: Rows, now: float) -> Floats:
    """float32[n] in 0..1: how much of its fair trial a new creator's reel still has before it; 0 = not on trial."""
    trial = max(policy.fair_trial_impressions, 1)
    orders = models.orders
    return trials_left(
        models.impressions,
        models.creator_impressions,
        models.creators,
        rows,
        trial,
        NEW_TRIALS * trial,
        now,
        NEW_FOR_SEC,
        orders.creators,
        orders.creator_since,
        UNKNOWN_CREATORS,
    )
