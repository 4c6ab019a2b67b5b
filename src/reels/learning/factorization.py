"""Matrix factorization of implicit feedback: iALS (Hu, Koren and Volinsky 2008), by the library `implicit`.

A viewer likes reel i with confidence c_i = 1 + alpha w_i (w = value x recency) and everything else with 1. Only the
reels' factors Y are kept; a viewer's vector is computed from the newest history whenever it is needed:

    p = (Y'Y + sum_i (c_i - 1) y_i y_i' + lambda I)^-1 sum_i c_i y_i
"""

from dataclasses import dataclass

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from reels.core.keys import Keys
from reels.core.types import Floats
from reels.learning.interactions import Histories
from reels.learning.workbench import Arrays


@dataclass(frozen=True, slots=True)
class FactorizationConfig:
    """Settings of iALS; tuned on MicroLens-50k."""

    factors: int = 64
    regularization: float = 0.05
    alpha: float = 20.0
    iterations: int = 10
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Factorization:
    """float32[n, k] factors of the reels (zero rows = nobody liked them) and float32[k, k] gramian."""

    factors: Floats
    gramian: Floats
    regularization: float
    alpha: float


def factorize(histories: Histories, config: FactorizationConfig | None = None, *, threads: int = 1) -> Factorization:
    """Fits the factors. The same histories and seed give the same factors on one machine, for any number of threads."""
    config = config or FactorizationConfig()
    users, n = len(histories.indptr) - 1, histories.n
    seen = np.bincount(histories.rows, minlength=n) > 0
    if not seen.any():
        zeros = np.zeros((n, config.factors), np.float32)
        return Factorization(zeros, gramian_of(zeros), config.regularization, config.alpha)
    confidence = np.float32(1.0) + np.float32(config.alpha) * histories.weights
    matrix = sparse.csr_matrix((confidence, histories.rows, histories.indptr), shape=(users, n))
    with threadpool_limits(1, "blas"):  # implicit brings its own threads; BLAS threads inside them cost 10x
        model = AlternatingLeastSquares(
            factors=config.factors,
            regularization=config.regularization,
            alpha=1.0,
            iterations=config.iterations,
            num_threads=threads,
            random_state=config.seed,
        )
        model.fit(matrix, show_progress=False)
    factors = np.where(seen[:, None], model.item_factors, np.float32(0.0)).astype(np.float32)
    return Factorization(factors, gramian_of(factors), config.regularization, config.alpha)


def factor_arrays(keys: Keys, fitted: Factorization) -> Arrays:
    """The factors as a result for `assembly`."""
    return {
        "keys": keys,
        "factors": fitted.factors,
        "gramian": fitted.gramian,
        "regularization": np.array(fitted.regularization),
        "alpha": np.array(fitted.alpha),
    }


def gramian_of(factors: Floats) -> Floats:
    """Y'Y, summed in float64."""
    k = factors.shape[1]
    total = np.zeros((k, k))
    for start in range(0, len(factors), 65_536):
        block = factors[start : start + 65_536].astype(np.float64)
        total += block.T @ block
    return total.astype(np.float32)


def fold_in(factors: Floats, weights: Floats, gramian: Floats, *, regularization: float, alpha: float) -> Floats:
    """A viewer's vector float32[k] from the factors float32[h, k] of liked reels and their weights float32[h]."""
    rows = factors.astype(np.float64)
    extra: NDArray[np.float64] = alpha * weights.astype(np.float64)
    left = gramian.astype(np.float64) + (rows.T * extra) @ rows
    left[np.diag_indices_from(left)] += regularization
    return np.linalg.solve(left, rows.T @ (1.0 + extra)).astype(np.float32)
