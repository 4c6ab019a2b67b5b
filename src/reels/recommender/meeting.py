"""Lists of rows brought together: each row once, where it was first met, with the bits of all who met it."""

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Rows
from reels.recommender.neighbours import slot_of


@numba.njit(cache=True, nogil=True)
def first_met(rows: Rows, bits: NDArray[np.uint32]) -> tuple[Rows, NDArray[np.uint32]]:
    """int32[k] distinct rows in the order of first meeting, and uint32[k] the bits of each, or-ed. Rows >= 0."""
    size = 16
    while size < 2 * len(rows):
        size *= 2
    table = np.full(size, -1, np.int32)
    places = np.empty(size, np.int32)
    out = np.empty(len(rows), np.int32)
    merged = np.zeros(len(rows), np.uint32)
    found = 0
    for i in range(len(rows)):
        slot = slot_of(table, rows[i])
        if table[slot] == -1:
            table[slot] = rows[i]
            places[slot] = found
            out[found] = rows[i]
            found += 1
        merged[places[slot]] |= bits[i]
    return out[:found].copy(), merged[:found].copy()
