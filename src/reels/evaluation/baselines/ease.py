"""EASE (Steck 2019): the linear item-item model with a closed form.

    B = I - P diag(1 / diag P),  P = (X'X + lambda I)^-1

Inverted in place by Cholesky in float32: 19,220 reels take 1.5 GB.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from reels.core.types import Floats
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context, NotApplicable

LAMBDA = 300.0
MOST_REELS = 30_000


@dataclass(frozen=True, slots=True)
class Linear:
    """Sum of the rows of B of what was liked."""

    weights: Floats
    """float32[n, n], zero diagonal."""

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`."""
        return np.asarray(viewers.liked().matrix() @ self.weights)


class Ease:
    """Embarrassingly shallow autoencoder."""

    name = "EASE"

    def __init__(self, regularization: float = LAMBDA) -> None:
        self.regularization = regularization
        self.about = f"EASE, lambda {regularization:g}"

    def fit(self, train: Log, context: Context) -> Linear:
        """The dense item-item matrix. Raises NotApplicable for a catalogue too large for one."""
        if train.n > MOST_REELS:
            raise NotApplicable(f"{train.n:,} reels: the matrix would take {train.n**2 * 4 / 1e9:.0f} GB")
        return Linear(ease_weights(train, self.regularization))


def ease_weights(train: Log, regularization: float) -> Floats:
    """float32[n, n]"""
    matrix = train.liked().matrix()
    gram = np.asfortranarray((matrix.T @ matrix).toarray(), np.float32)
    gram[np.diag_indices_from(gram)] += np.float32(regularization)
    factor, info = lapack.spotrf(gram, lower=1, clean=0, overwrite_a=1)
    if info == 0:
        factor, info = lapack.spotri(factor, lower=1, overwrite_c=1)
    if info:
        raise ValueError(f"X'X + {regularization} I is not positive definite (LAPACK info {info})")
    return _solution(factor)


def _solution(inverse: Floats, block: int = 2048) -> Floats:
    """-P / diag(P) by columns with a zero diagonal, from the lower triangle of P, whose memory it takes over.

    P is symmetric, so its transposed view is P in C order: what a sparse product needs, or it copies the whole matrix
    for every batch of viewers.
    """
    n = len(inverse)
    diagonal = np.diag(inverse).copy()
    for start in range(0, n, block):
        stop = min(start + block, n)
        inverse[start:stop, stop:] = inverse[stop:, start:stop].T
        corner = inverse[start:stop, start:stop]
        inverse[start:stop, start:stop] = np.tril(corner) + np.tril(corner, -1).T
    inverse = inverse.T
    for start in range(0, n, block):
        inverse[:, start : start + block] /= -diagonal[start : start + block]
    inverse[np.diag_indices_from(inverse)] = 0.0
    return inverse
