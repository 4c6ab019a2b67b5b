"""Rates: how often a reel's exposures were positive, alone and with the viewer's own rate. Made for AUC.

rate = (positives + s * mean) / (exposures + s), as log odds; the state is frozen at the end of training
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats
from reels.evaluation.baselines.popularity import SameForAll
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context, NotApplicable

REEL_SMOOTHING, VIEWER_SMOOTHING = 10.0, 5.0


@dataclass(frozen=True, slots=True)
class ByReelAndViewer:
    """Sum of two log odds: within a viewer the reel decides, between viewers both do."""

    reel: Floats
    mean: float

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`."""
        good = np.bincount(viewers.owners[viewers.positive], minlength=len(viewers.viewers))
        viewer = log_odds(good, viewers.lengths, self.mean, VIEWER_SMOOTHING)
        return np.asarray(self.reel[None, :] + viewer[:, None])


class ReelRate:
    """The reel's rate."""

    name = "reel rate"
    about = f"log odds of a reel's positive exposures, smoothed by {REEL_SMOOTHING:g}"

    def fit(self, train: Log, context: Context) -> SameForAll:
        """Counts. Raises NotApplicable where every exposure is positive."""
        return SameForAll(reel_rates(train)[0])


class ReelViewerRate:
    """The reel's and the viewer's rate."""

    name = "reel x viewer rate"
    about = f"the same, plus the viewer's, smoothed by {VIEWER_SMOOTHING:g}"

    def fit(self, train: Log, context: Context) -> ByReelAndViewer:
        """Counts. Raises NotApplicable where every exposure is positive."""
        return ByReelAndViewer(*reel_rates(train))


def reel_rates(train: Log) -> tuple[Floats, float]:
    """float32[n] log odds, and the mean rate of all."""
    if train.positive.all():
        raise NotApplicable("every exposure is positive: there are no rates")
    mean = float(train.positive.mean())
    return log_odds(train.liked().counts(), train.counts(), mean, REEL_SMOOTHING), mean


def log_odds(good: NDArray[np.integer], shown: NDArray[np.integer], mean: float, smoothing: float) -> Floats:
    """float32: smoothed towards the mean rate."""
    rate = np.clip((good + smoothing * mean) / (shown + smoothing), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(rate / (1 - rate)), np.float32)
