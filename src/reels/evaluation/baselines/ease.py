"""EASE (Steck 2019): the linear item-item model with a closed form.

B = I - P diag(1 / diag P),  P = (X'X + lambda I)^-1
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context, NotApplicable
from reels.learning.ease import linear_weights

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
    """float32[n, n] with a zero diagonal."""
    return linear_weights(train.liked().matrix(), regularization)
