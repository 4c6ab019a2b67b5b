"""What having watched a reel for so long is worth, as against others of its length: duration-debiased watch value.

Raw seconds favour long reels, watched shares short ones. So seconds are read as a quantile among all who watched reels
of about the same duration (D2Q, Zhan et al., KDD 2022): q = 0.5 is the median there.

    value(event) = what was said, where something was said (`core.feedback`: share, save, like, follow; not interested,
                   block of the creator)
                 = SKIPPED + (0 - SKIPPED) * q / USUAL             for q <= USUAL
                 = LOOPED * (q - USUAL) / (1 - USUAL)              for q > USUAL
                 = the value by the watched share, where duration, seconds or the table is not known

A share of exactly 1 is what logs say that know only that somebody watched to the end: it says nothing about what is
usual, and is worth at least COMPLETE.

The table is fitted in training on the newest watched pairs and is part of the snapshot, so that the fits and a request
read the same value. A log with few of them has none.
"""

from dataclasses import dataclass, replace

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.feedback import COMPLETE, LOOPED, SKIPPED
from reels.core.keys import Keys
from reels.core.types import Floats
from reels.learning.interactions import Interactions, rows_of
from reels.learning.snapshot import Snapshot
from reels.learning.workbench import Arrays

GROUP = "watch"
USUAL = 0.65
"""Quantile from which having watched speaks for the reel. On KuaiRand (36,000 exposures of 04-25 and 04-26) the
quantile tells the data set's own positives with AUC .990, the watched share .960; above .65 it agrees with them in 95%
(a share above .43 in 89%), at the median in 82%."""
NEWEST = 50_000
"""Newest watched pairs that are read: what is usual changes."""
FEWEST = 2_000
IN_A_BIN = 500
MOST_BINS = 24
POINTS = 64
"""Quantiles kept of each bin."""
_NO, _YES = np.float32(-0.5), np.float32(0.875)
"""What is beyond was said, not watched: `core.feedback` leaves a gap there."""


@dataclass(frozen=True, slots=True)
class WatchTable:
    """Usual watching by duration: b bins."""

    edges: Floats
    """float32[b - 1] ascending: longest duration, in seconds, of each bin but the last."""
    seconds: Floats
    """float32[b, POINTS] ascending in each row: seconds watched at the quantiles (i + 1/2) / POINTS."""

    def values(self, values: Floats, watched: Floats, durations: Floats) -> Floats:
        """float32[p]: the values by `core.feedback` with the part that only watching speaks for debiased.

        watched float32[p] shares of the duration, durations float32[p] in seconds; NaN = not known, which keeps the
        value. Applied to what it returned it changes nothing.
        """
        return _debiased(
            np.ascontiguousarray(values, np.float32),
            np.ascontiguousarray(watched, np.float32),
            np.ascontiguousarray(durations, np.float32),
            np.asarray(self.edges),
            np.asarray(self.seconds),
        )

    def arrays(self) -> Arrays:
        """The group `watch`."""
        return {"edges": self.edges, "seconds": self.seconds}


def fit_watch_table(pairs: Interactions, keys: Keys, durations: Floats, *, newest: int = NEWEST) -> WatchTable | None:
    """Usual watching in the newest watched pairs of the reels in `keys` (ascending); None where there are too few."""
    length = _lengths(pairs.reels, keys, durations)
    told = np.flatnonzero((length > 0) & ~np.isnan(pairs.watched) & (pairs.watched != 1.0))
    if len(told) < FEWEST:
        return None
    told = told[np.argsort(pairs.at[told], kind="stable")[-newest:]]
    length = length[told]
    seconds = length * pairs.watched[told]
    bins = min(MOST_BINS, len(told) // IN_A_BIN)
    edges = np.unique(np.quantile(length, np.arange(1, bins) / bins, method="lower"))
    edges = edges[edges < length.max()].astype(np.float32)
    place = np.searchsorted(edges, length)
    grid = (np.arange(POINTS) + 0.5) / POINTS
    table = np.array([np.quantile(seconds[place == one], grid) for one in range(len(edges) + 1)], np.float32)
    return WatchTable(edges, table)


def valued(pairs: Interactions, table: WatchTable | None, keys: Keys, durations: Floats) -> Interactions:
    """The pairs with debiased values; as they are without a table."""
    if table is None:
        return pairs
    return replace(pairs, values=table.values(pairs.values, pairs.watched, _lengths(pairs.reels, keys, durations)))


def watch_table_of(snapshot: Snapshot) -> WatchTable | None:
    """The table of a snapshot; None where it has none."""
    group = snapshot.groups.get(GROUP)
    return None if group is None else WatchTable(group["edges"], group["seconds"])


def _lengths(reels: Keys, keys: Keys, durations: Floats) -> Floats:
    """float32[p] seconds of each reel, NaN = not known."""
    known = np.append(durations, np.float32(np.nan)).astype(np.float32)
    return known[rows_of(reels, keys)]  # a reel that is not there has row -1: the last one


@numba.njit(cache=True, nogil=True)
def _debiased(
    values: Floats, watched: Floats, durations: Floats, edges: Floats, seconds: Floats
) -> NDArray[np.float32]:
    out = values.copy()
    usual = np.float32(USUAL)
    for i in range(len(values)):
        if np.isnan(watched[i]) or not durations[i] > 0.0 or values[i] < _NO or values[i] > _YES:
            continue
        row = seconds[np.searchsorted(edges, durations[i])]
        long = watched[i] * durations[i]
        below = np.searchsorted(row, long)
        upto = np.searchsorted(row, long, side="right")
        q = np.float32(below + upto) / np.float32(2 * POINTS)
        if q <= usual:
            out[i] = np.float32(SKIPPED) * (usual - q) / usual
        else:
            out[i] = np.float32(LOOPED) * (q - usual) / (np.float32(1.0) - usual)
        if watched[i] == 1.0:
            out[i] = max(out[i], np.float32(COMPLETE))
    return out
