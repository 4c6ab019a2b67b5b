"""How sure a mean is: the percentile bootstrap over viewers (Efron 1979), seeded, all metrics in one go."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Mask
from reels.evaluation.metrics import Doubles

RESAMPLES = 500
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its interval. All NaN where there is nothing to take the mean of."""

    mean: float
    low: float
    high: float
    error: float
    """Standard error: the spread of the resampled means."""
    viewers: int


def estimates(
    values: NDArray[np.floating],
    *,
    weights: Doubles | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> list[Estimate]:
    """One estimate a column of float[q, m]; NaN = this viewer has no value there. `weights` float64[q] of the viewers.

    Viewers are drawn with replacement, the same draws for every column.
    """
    q, m = values.shape
    if not q:
        return [Estimate(np.nan, np.nan, np.nan, np.nan, 0)] * m
    known = ~np.isnan(values)
    weight = np.ones(q) if weights is None else np.nan_to_num(weights)
    top = np.where(known, values, 0.0) * weight[:, None]
    below = known * weight[:, None]
    both = np.concatenate((top, below), axis=1)
    rng = np.random.default_rng(seed)
    means = np.empty((resamples, m))
    for i in range(resamples):
        drawn = np.bincount(rng.integers(q, size=q), minlength=q).astype(np.float64)
        sums = drawn @ both
        means[i] = _ratio(sums[:m], sums[m:])
    mean = _ratio(top.sum(axis=0), below.sum(axis=0))
    tail = 100 * (1 - level) / 2
    return [_estimate(mean[j], means[:, j], tail, int(known[:, j].sum())) for j in range(m)]


def _ratio(top: Doubles, below: Doubles) -> Doubles:
    out: Doubles = np.divide(top, below, out=np.full(len(top), np.nan), where=below > 0)
    return out


def _estimate(mean: float, means: Doubles, tail: float, viewers: int) -> Estimate:
    means = means[~np.isnan(means)]
    if not len(means):
        return Estimate(float(mean), np.nan, np.nan, np.nan, viewers)
    low, high = np.percentile(means, (tail, 100 - tail))
    return Estimate(float(mean), float(low), float(high), float(means.std(ddof=1)) if len(means) > 1 else 0.0, viewers)


def auc_estimate(
    labels: Mask,
    scores: NDArray[np.floating],
    owners: NDArray[np.integer],
    q: int,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Estimate:
    """AUC over all exposures with the bootstrap over viewers: sorted once, weighted anew for every draw."""
    order = np.argsort(scores, kind="stable")
    value, label, whose = np.asarray(scores)[order], labels[order], owners[order]
    group = np.concatenate((np.zeros(min(len(value), 1), np.int64), np.cumsum(np.diff(value) > 0)))

    def weighted(weight: Doubles) -> float:
        good = np.bincount(group[label], weight[whose[label]], minlength=group[-1] + 1 if len(group) else 0)
        bad = np.bincount(group[~label], weight[whose[~label]], minlength=len(good))
        pairs = good.sum() * bad.sum()
        return float(good @ (np.cumsum(bad) - bad / 2) / pairs) if pairs > 0 else np.nan

    rng = np.random.default_rng(seed)
    draws = (np.bincount(rng.integers(q, size=q), minlength=q).astype(np.float64) for _ in range(resamples))
    means = np.array([weighted(draw) for draw in draws])
    return _estimate(weighted(np.ones(q)), means, 100 * (1 - level) / 2, len(np.unique(owners)))
