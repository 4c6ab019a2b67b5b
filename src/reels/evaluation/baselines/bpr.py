"""BPR (Rendle et al. 2009), as `implicit` has it. It knows the viewers it was trained on, not their newest event."""

from dataclasses import dataclass

import numpy as np
from implicit.bpr import BayesianPersonalizedRanking
from numpy.typing import NDArray

from reels.core.types import Floats, Mask
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context

FACTORS, RATE, REGULARIZATION, ITERATIONS = 128, 0.05, 0.005, 150


@dataclass(frozen=True, slots=True)
class Factors:
    """Inner products. A viewer who was not trained on gets the mean of the factors of what was liked."""

    viewers: NDArray[np.int32]
    known: Mask
    """bool[u]: viewers with anything to train on."""
    user_factors: Floats
    item_factors: Floats

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`."""
        at = np.minimum(np.searchsorted(self.viewers, viewers.viewers), len(self.viewers) - 1)
        known = (self.viewers[at] == viewers.viewers) & self.known[at]
        history = viewers.liked().matrix()
        liked = np.maximum(np.asarray(history.sum(axis=1)), 1.0)
        means = np.asarray(history @ self.item_factors) / liked
        vectors = np.where(known[:, None], self.user_factors[at], means)
        if not known.all():  # the last factor of a reel is its bias, which a viewer's 1 reads
            vectors[~known, -1] = 1.0
        return np.asarray(vectors @ self.item_factors.T)


class Bpr:
    """Pairwise ranking."""

    name = "BPR"
    about = (
        f"implicit BayesianPersonalizedRanking, {FACTORS} factors, {ITERATIONS} epochs, learning rate {RATE}, "
        f"regularization {REGULARIZATION}"
    )

    def fit(self, train: Log, context: Context) -> Factors:
        """The factors of viewers and reels."""
        model = BayesianPersonalizedRanking(
            factors=FACTORS,
            iterations=ITERATIONS,
            learning_rate=RATE,
            regularization=REGULARIZATION,
            num_threads=context.threads,
            random_state=context.seed,
        )
        liked = train.liked()
        model.fit(liked.matrix(), show_progress=False)
        return Factors(train.viewers, liked.lengths > 0, model.user_factors, model.item_factors)
