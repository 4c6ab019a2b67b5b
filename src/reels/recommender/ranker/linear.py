"""The linear half of the learned ranker as a snapshot has it (`learning.linear_ranker`)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats
from reels.learning.linear_ranker import standardised, weighted
from reels.learning.snapshot import Snapshot
from reels.recommender.ranker.trees import GROUP


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of standardised columns, and how they are mixed with the trees."""

    columns: tuple[str, ...]
    weights: Floats
    share: float
    """0..1 of the sum; the rest is the trees'."""
    afforded: float
    """Popularity penalty that training found to cost next to nothing."""

    def standardised(self, table: Floats) -> Floats:
        """float32[n, c] of the columns within the request."""
        return standardised(np.ascontiguousarray(table), np.array([0, len(table)], np.int64))

    def scores(self, table: Floats) -> NDArray[np.float64]:
        """float64[n] of a standardised table."""
        found: NDArray[np.float64] = weighted(table, np.asarray(self.weights))
        return found


def linear_of(snapshot: Snapshot) -> Linear | None:
    """The linear half; None where the snapshot has no learned ranker."""
    group = snapshot.groups.get(GROUP)
    if group is None:
        return None
    names = tuple(bytes(group["linear_columns"]).decode().split("\n"))
    share, afforded = group["mixed"].tolist()
    return Linear(names if names != ("",) else (), group["linear"], share, afforded)
