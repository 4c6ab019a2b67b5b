"""Popularity: the same list for everybody."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context


@dataclass(frozen=True, slots=True)
class SameForAll:
    """One score a reel, whoever asks."""

    score: Floats

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`."""
        return np.tile(self.score, (len(viewers.viewers), 1))


class Popularity:
    """How many positives a reel has."""

    name = "popularity"
    about = "number of positive events in training"

    def fit(self, train: Log, context: Context) -> SameForAll:
        """Counts."""
        return SameForAll(train.liked().counts().astype(np.float32))
