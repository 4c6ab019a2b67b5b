"""Is a key in a sorted set: the question of every filter, without numpy's detour of sorting both sides."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.types import Mask, Rows


@numba.njit(cache=True, nogil=True)
def place_in(members: NDArray[Any], key: int) -> int:
    """Where the key is among the ascending members, -1 = nowhere: a binary search."""
    low, high = 0, len(members)
    while low < high:
        middle = (low + high) // 2
        if members[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(members) and members[low] == key else -1


@numba.njit(cache=True, nogil=True)
def in_sorted(values: NDArray[Any], members: NDArray[Any]) -> Mask:
    """bool[n]: whether each value is among the ascending members. n log m steps, nothing allocated but the answer."""
    out = np.zeros(len(values), np.bool_)
    for i in range(len(values)):
        out[i] = place_in(members, values[i]) >= 0
    return out


@numba.njit(cache=True, nogil=True)
def in_either(keys: Keys, rows: Rows, seen: Keys, served: Keys) -> Mask:
    """bool[n]: whether the key of each row is in one of two ascending sets."""
    out = np.zeros(len(rows), np.bool_)
    for i in range(len(rows)):
        out[i] = place_in(seen, keys[rows[i]]) >= 0 or place_in(served, keys[rows[i]]) >= 0
    return out


def ascending(keys: Keys) -> Keys:
    """The keys in ascending order, each once. (`np.unique` looks for much else on the way.)"""
    return _once(np.sort(keys))


@numba.njit(cache=True, nogil=True)
def _once(keys: Keys) -> Keys:
    out = np.empty_like(keys)
    found = 0
    for i in range(len(keys)):
        if i == 0 or keys[i] != keys[i - 1]:
            out[found] = keys[i]
            found += 1
    return out[:found]
