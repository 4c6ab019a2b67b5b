"""Ours for exposures: bagged trees over the 37 frozen features and bagged factorization machines, log odds averaged.

The trees see counts and similarities and learn from the exposures of the last days; the factorization machine learns
from all of them, up to the cut. They err differently.
"""

from dataclasses import dataclass

import numpy as np

from reels.core.types import Floats
from reels.evaluation.baselines.exposures.crossing import Crossing, CrossingConfig, fit_crossing
from reels.evaluation.baselines.exposures.features import NAMES, shelf_of
from reels.evaluation.baselines.exposures.trees import Trees, fit_trees
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context

BAGS = 5
ROUNDS = 250
VARIANT = {"num_leaves": 15, "learning_rate": 0.03, "feature_fraction": 0.4}


@dataclass(frozen=True, slots=True)
class Mixed:
    """Half trees, half machines."""

    trees: Trees
    machines: tuple[Crossing, ...]

    def pair_scores(self, viewers: Log, exposures: Log) -> Floats:
        """As `PairScoring`."""
        if not len(exposures):
            return np.empty(0, np.float32)
        crossed = np.mean([one.scores(exposures) for one in self.machines], axis=0)
        return np.asarray((self.trees.pair_scores(viewers, exposures) + crossed) / 2, np.float32)


class ExposureMix:
    """Trees and factorization machines."""

    name = "exposure mix"
    makes_lists = False
    about = (
        f"mean log odds of {BAGS} LightGBM ({ROUNDS} rounds of {VARIANT['num_leaves']} leaves, 37 frozen features) and "
        f"{BAGS} factorization machines ({CrossingConfig().factors} factors, {CrossingConfig().epochs} epochs, "
        f"exposures halved every {CrossingConfig().half_life_days:g} days)"
    )

    def fit(self, train: Log, context: Context) -> Mixed:
        """Fits all. Raises NotApplicable where every exposure is positive."""
        trees = fit_trees(train, context, NAMES, [VARIANT] * BAGS, ROUNDS)
        shelf = shelf_of(context.catalogue)
        seeds = range(context.seed, context.seed + BAGS)
        return Mixed(trees, tuple(fit_crossing(train, shelf, context.now, seed) for seed in seeds))
