"""Recent popularity: what was liked lately."""

import numpy as np

from reels.core.types import Floats
from reels.evaluation.baselines.popularity import SameForAll
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context

HALF_LIFE_DAYS = 0.25
"""Chosen on the tuning split of KuaiRand (fit up to 04-26, asked for 04-27 and 04-28)."""


class RecentPopularity:
    """Positives, each worth half as much every `half_life_days` before the newest event."""

    name = "recent popularity"

    def __init__(self, half_life_days: float = HALF_LIFE_DAYS) -> None:
        self.half_life_days = half_life_days
        self.about = f"positive events, halved every {half_life_days:g} days"

    def fit(self, train: Log, context: Context) -> SameForAll:
        """Counts with fading."""
        return SameForAll(recent_counts(train.liked(), context.now, self.half_life_days))


def recent_counts(liked: Log, now: float, half_life_days: float) -> Floats:
    """float32[n]: sum of 2^-(age / half life) over a reel's events."""
    fade = np.exp2(-np.maximum(now - liked.at, 0.0) / (half_life_days * 86_400.0))
    return np.bincount(liked.reels, fade, minlength=liked.n).astype(np.float32)
