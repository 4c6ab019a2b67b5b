"""Positive rates by key, looked up in columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rates:
    """k keys, ascending: how often each was shown, and how often that was positive."""

    keys: Ints
    shown: Doubles
    good: Doubles

    def of(self, keys: Ints) -> tuple[Doubles, Doubles]:
        """(shown, good) of each key; 0 where it is not known."""
        if not len(self.keys):
            return np.zeros(len(keys)), np.zeros(len(keys))
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[at] == keys
        return np.where(known, self.shown[at], 0.0), np.where(known, self.good[at], 0.0)


def rates_of(keys: Ints, positive: NDArray[np.bool_]) -> Rates:
    """Counted from one key an exposure."""
    distinct, inverse = np.unique(keys, return_inverse=True)
    shown = np.bincount(inverse, minlength=len(distinct)).astype(np.float64)
    good = np.bincount(inverse, positive.astype(np.float64), minlength=len(distinct)).astype(np.float64)
    return Rates(distinct, shown, good)


def log_odds(rate: Doubles) -> Doubles:
    """log(r / (1 - r)), r kept within 1e-4..1 - 1e-4."""
    kept = np.clip(rate, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(kept / (1 - kept)))
