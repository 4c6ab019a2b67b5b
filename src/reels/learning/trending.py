"""Trending: what is watched far above its usual share right now.

With all traffic N in the window and the usual rates u, a reel is expected N (u_i + e) / sum(u + e) times; seen n times
it is lifted by (n + a) / (expected + a). Comparing shares, not rates, a busy hour lifts nobody.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats


@dataclass(frozen=True, slots=True)
class TrendingConfig:
    """Settings of the comparison."""

    prior: float = 5.0
    """a: imagined events on both sides; a handful of events lifts nobody far."""
    min_support: int = 5
    """Fewer events in the window are no trend."""
    surprise: float = 3.0
    """At least so many standard deviations (Poisson) above the expected."""
    least_lift: float = 1.5
    full_lift: float = 8.0
    """The lift that counts as 1.0; the scale between is logarithmic."""


def trending(counts: NDArray[np.int64], usual_rate: Floats, config: TrendingConfig | None = None) -> Floats:
    """float32[n] in 0..1 from events in the window int64[n] and usual events per second float32[n]; 0 = as usual."""
    config = config or TrendingConfig()
    if not len(counts) or counts.sum() <= 0:
        return np.zeros(len(counts), np.float32)
    usual = usual_rate.astype(np.float64)
    usual = usual + max(float(usual.mean()), 1e-9) * 0.1
    expected = counts.sum() * usual / usual.sum()
    lift = (counts + config.prior) / (expected + config.prior)
    surprising = counts - expected >= config.surprise * np.sqrt(expected + 1.0)
    strong = np.log(np.maximum(lift, 1.0)) / np.log(config.full_lift)
    counts_as_trend = surprising & (counts >= config.min_support) & (lift >= config.least_lift)
    return np.where(counts_as_trend, np.clip(strong, 0, 1), 0).astype(np.float32)
