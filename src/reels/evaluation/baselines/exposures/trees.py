"""LightGBM (Ke et al. 2017) over frozen features of an exposure: the best small experiment on KuaiRand's exposures.

Where surfaces are known of the later exposures only, the rows are those and the state is what came before; else the
newest tenth are the rows. When asked, the state is all of training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Mask
from reels.evaluation.baselines.exposures.features import EIGHT, NAMES, Frozen, freeze, shelf_of
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context, NotApplicable

ROUNDS = 200
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
}
NEWEST = 0.1


@dataclass(frozen=True, slots=True)
class Trees:
    """Mean of the log odds of several boosters over some of the features."""

    frozen: Frozen
    boosters: tuple[Any, ...]
    columns: NDArray[np.int64]

    def pair_scores(self, viewers: Log, exposures: Log) -> Floats:
        """As `PairScoring`."""
        if not len(exposures):
            return np.empty(0, np.float32)
        return np.asarray(self.log_odds(self.frozen.features(viewers, exposures)), np.float32)

    def log_odds(self, features: Floats) -> NDArray[np.float64]:
        """float64[p]"""
        chosen = features[:, self.columns]
        return np.asarray(np.mean([one.predict(chosen, raw_score=True) for one in self.boosters], axis=0))


class ExposureTrees:
    """The reference, with 8 or all 37 features."""

    makes_lists = False

    def __init__(self, names: Sequence[str] = NAMES) -> None:
        self.names = tuple(names)
        self.name = f"LightGBM, {len(self.names)} features"
        self.about = (
            f"LightGBM, {ROUNDS} rounds of {PARAMETERS['num_leaves']} leaves, over {len(self.names)} features of "
            "viewer, reel, surface and history, frozen at the cut"
        )

    def fit(self, train: Log, context: Context) -> Trees:
        """Two frozen states, one booster. Raises NotApplicable where every exposure is positive."""
        return fit_trees(train, context, self.names, [{}], ROUNDS)


def fit_trees(
    train: Log, context: Context, names: Sequence[str], variants: Sequence[dict[str, Any]], rounds: int
) -> Trees:
    """One booster a variant of the parameters, all on the same rows."""
    import lightgbm  # 0.3 s: only who fits pays

    if train.positive.all():
        raise NotApplicable("every exposure is positive: there is nothing to tell apart")
    shelf, late = shelf_of(context.catalogue), rows_of(train)
    before, rows = train.where(~late), train.where(late)
    features = freeze(before, shelf).features(before, rows)
    columns = np.array([NAMES.index(name) for name in names])
    data = lightgbm.Dataset(features[:, columns], rows.positive.astype(np.float64), free_raw_data=False)
    boosters = []
    for place, variant in enumerate(variants):
        chance = {"seed": context.seed + place, "num_threads": context.threads}
        boosters.append(lightgbm.train({**PARAMETERS, **chance, **variant}, data, rounds))
    return Trees(freeze(train, shelf), tuple(boosters), columns)


def rows_of(train: Log) -> Mask:
    """bool[p]: the exposures that are learnt from, with all others as their past."""
    named = train.surface >= 0
    if named.any() and not named.all():
        return np.asarray(named)
    return np.asarray(train.at >= np.quantile(train.at, 1 - NEWEST))


def eight() -> ExposureTrees:
    """The one with eight features."""
    return ExposureTrees(EIGHT)
