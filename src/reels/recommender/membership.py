"""Is a key in a sorted set: the question of every filter, without numpy's detour of sorting both sides."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Mask


@numba.njit(cache=True, nogil=True)
def in_sorted(values: NDArray[Any], members: NDArray[Any]) -> Mask:
    """bool[n]: whether each value is among the ascending members. n log m steps, nothing allocated but the answer."""
    out = np.zeros(len(values), np.bool_)
    for i in range(len(values)):
        low, high = 0, len(members)
        while low < high:
            middle = (low + high) // 2
            if members[middle] < values[i]:
                low = middle + 1
            else:
                high = middle
        out[i] = low < len(members) and members[low] == values[i]
    return out
