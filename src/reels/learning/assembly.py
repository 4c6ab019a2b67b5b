"""Puts the results of the jobs together into one snapshot, in the rows of one catalogue.

Each job may have seen a slightly older catalogue; its rows are carried over by key, and what is gone is dropped.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.learning.interactions import rows_of
from reels.learning.snapshot import Neighbours

Number = TypeVar("Number", bound=np.generic)


def carried_rows(values: NDArray[Number], old: Keys, new: Keys) -> NDArray[Number]:
    """Rows of `values` (old order, first axis) in the order of `new` (ascending); zero where there was none."""
    at = rows_of(new, old)
    out = np.zeros((len(new), *values.shape[1:]), values.dtype)
    out[at >= 0] = values[at[at >= 0]]
    return out


def carried_table(table: Neighbours, old: Keys, new: Keys) -> Neighbours:
    """The table in the rows of `new`; neighbours that are gone are left out."""
    if len(old) == len(new) and (old == new).all():
        return table
    to_new = rows_of(old, new)
    lengths = np.diff(table.indptr)
    owners = to_new[np.repeat(np.arange(len(old)), lengths)]
    targets = to_new[table.indices]
    kept = (owners >= 0) & (targets >= 0)
    counts = np.bincount(owners[kept], minlength=len(new))
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
    return Neighbours(indptr, targets[kept], table.weights[kept])  # both orders ascend by key, so rows stay in order


def creator_totals(creators: Keys, values: NDArray[np.int64], unknown: int) -> NDArray[np.int64]:
    """Sum over all reels of the same creator; a reel of the `unknown` creator stands alone."""
    _, inverse = np.unique(creators, return_inverse=True)
    totals = np.bincount(inverse, values, minlength=1)[inverse] if len(values) else np.zeros(0)
    return np.where(creators == unknown, values, totals).astype(np.int64)
