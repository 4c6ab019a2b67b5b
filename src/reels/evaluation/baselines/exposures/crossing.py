"""A factorization machine of the second order over what an exposure is made of (Rendle 2010), by AdaGrad.

    z = b + sum_f w[f] + sum_{f < g} <v[f], v[g]>,   P(positive) = 1 / (1 + exp(-z))

One value a field: viewer, reel, creator, tag, duration, surface, hour, upload. Older exposures weigh less.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from reels.evaluation.baselines.exposures.features import CLOCK_SEC, Shelf
from reels.evaluation.baselines.exposures.rates import Doubles, Ints
from reels.evaluation.log import Log

NO_HOUR = 24
"""Of exposures whose surface is not known: the sequences, whose times are made up."""


@dataclass(frozen=True, slots=True)
class CrossingConfig:
    """Chosen on the split `tune-exposures`."""

    factors: int = 8
    epochs: int = 8
    rate: float = 0.05
    of_weights: float = 0.01
    """L2 of the weights, and below of the factors, at each step."""
    of_factors: float = 0.3
    half_life_days: float = 6.0
    least: float = 0.05
    """Weight that the oldest keep."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Fitted. Viewers it has not met, like all else it has not met, have no weight of their own."""

    viewers: NDArray[np.int32]
    shelf: Shelf
    starts: Ints
    """int64[fields + 1]: where each field's values begin."""
    bias: float
    weights: Doubles
    factors: Doubles

    def scores(self, exposures: Log) -> Doubles:
        """float64[p]: z of each exposure."""
        values = _values(exposures, self.viewers, self.shelf) + self.starts[:-1]
        return np.asarray(_score(values, self.bias, self.weights, self.factors))


def fit_crossing(train: Log, shelf: Shelf, now: float, seed: int, config: CrossingConfig | None = None) -> Crossing:
    """Fits on every exposure of `train`; the same seed gives the same numbers."""
    config = config or CrossingConfig()
    values = _values(train, train.viewers, shelf)
    starts = np.concatenate([[0], np.cumsum(_sizes(train, shelf))]).astype(np.int64)
    age = (now - train.at) / 86_400
    weight = np.maximum(np.exp2(-age / config.half_life_days), config.least)
    mean = float(np.clip(np.average(train.positive, weights=weight), 1e-3, 1 - 1e-3))
    bias, weights, factors = _fit(
        values + starts[:-1],
        train.positive.astype(np.float64),
        weight,
        int(starts[-1]),
        config.factors,
        config.epochs,
        config.rate,
        config.of_weights,
        config.of_factors,
        seed,
        float(np.log(mean / (1 - mean))),
    )
    return Crossing(train.viewers, shelf, starts, bias, weights, factors)


def _sizes(train: Log, shelf: Shelf) -> list[int]:
    """Values of each field, the first of each being "not known"."""
    return [
        len(train.viewers) + 1,
        train.n,
        int(shelf.creator.max(initial=0)) + 2,
        int(shelf.tag.max(initial=0)) + 1,
        _LENGTHS + 1,
        _SURFACES + 1,
        NO_HOUR + 1,
        int(shelf.upload.max(initial=0)) + 2,
    ]


_LENGTHS, _SURFACES = 20, 63


def _values(log: Log, viewers: NDArray[np.int32], shelf: Shelf) -> Ints:
    """int64[p, fields]"""
    reels, who = log.reels.astype(np.int64), log.viewers[log.owners]
    at = np.minimum(np.searchsorted(viewers, who), max(len(viewers) - 1, 0))
    known = viewers[at] == who if len(viewers) else np.zeros(len(who), np.bool_)
    hour = (log.at + CLOCK_SEC) % 86_400 // 3600
    return np.column_stack(
        [
            np.where(known, at + 1, 0),
            reels,
            shelf.creator[reels] + 1,
            shelf.tag[reels],
            np.minimum(3 * shelf.duration[reels], _LENGTHS).astype(np.int64),
            np.minimum(log.surface.astype(np.int64) + 1, _SURFACES),
            np.where(log.surface >= 0, hour, NO_HOUR).astype(np.int64),
            shelf.upload[reels] + 1,
        ]
    ).astype(np.int64)


@numba.njit(cache=True)
def _fit(
    values: Ints,
    label: Doubles,
    weight: Doubles,
    size: int,
    k: int,
    epochs: int,
    rate: float,
    of_weights: float,
    of_factors: float,
    seed: int,
    bias: float,
) -> tuple[float, Doubles, Doubles]:
    np.random.seed(seed)
    w, v = np.zeros(size), np.random.randn(size, k) * 0.03
    seen_w, seen_v, seen_bias = np.full(size, 1e-2), np.full((size, k), 1e-2), 1e-2
    total = np.zeros(k)
    for _ in range(epochs):
        for r in np.random.permutation(len(values)):
            z = bias + _forward(values[r], w, v, total)
            error = (1.0 / (1.0 + np.exp(-z)) - label[r]) * weight[r]
            seen_bias += error * error
            bias -= rate * error / np.sqrt(seen_bias)
            for j in values[r]:
                step = error + of_weights * w[j]
                seen_w[j] += step * step
                w[j] -= rate * step / np.sqrt(seen_w[j])
                for c in range(k):
                    step = error * (total[c] - v[j, c]) + of_factors * v[j, c]
                    seen_v[j, c] += step * step
                    v[j, c] -= rate * step / np.sqrt(seen_v[j, c])
    return bias, w, v


@numba.njit(cache=True)
def _forward(row: Ints, w: Doubles, v: Doubles, total: Doubles) -> float:
    """What the fields say without the bias; `total` becomes the sum of their factors."""
    total[:] = 0.0
    said, squares = 0.0, 0.0
    for j in row:
        said += w[j]
        for c in range(len(total)):
            total[c] += v[j, c]
            squares += v[j, c] * v[j, c]
    return float(said + 0.5 * ((total * total).sum() - squares))


@numba.njit(cache=True)
def _score(values: Ints, bias: float, w: Doubles, v: Doubles) -> Doubles:
    out, total = np.empty(len(values)), np.zeros(v.shape[1])
    for r in range(len(values)):
        out[r] = bias + _forward(values[r], w, v, total)
    return out
