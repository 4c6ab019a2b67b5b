"""iALS (Hu, Koren, Volinsky 2008), as `implicit` has it; viewers are folded in from their history."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context

FACTORS, REGULARIZATION, ALPHA, ITERATIONS = 128, 0.05, 20.0, 10
FADE = 0.8


@dataclass(frozen=True, slots=True)
class FoldedIn:
    """Inner product of the reels' factors and a viewer's, solved for from what the viewer liked."""

    model: Any

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`."""
        history = viewers.liked().matrix(FADE)
        with threadpool_limits(1, "blas"):
            vectors = self.model.recalculate_user(np.arange(history.shape[0]), history)
        return np.asarray(vectors @ self.model.item_factors.T)


class Ials:
    """Weighted matrix factorization."""

    name = "iALS"

    def __init__(self, factors: int = FACTORS) -> None:
        self.factors = factors
        self.about = (
            f"implicit AlternatingLeastSquares, {factors} factors, regularization {REGULARIZATION}, alpha {ALPHA:g}, "
            f"{ITERATIONS} iterations; history folded in, fading by {FADE}"
        )

    def fit(self, train: Log, context: Context) -> FoldedIn:
        """The factors of the reels."""
        with threadpool_limits(1, "blas"):  # implicit brings its own threads
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=REGULARIZATION,
                alpha=ALPHA,
                iterations=ITERATIONS,
                num_threads=context.threads,
                random_state=context.seed,
            )
            model.fit(train.liked().matrix(), show_progress=False)
        return FoldedIn(model)
