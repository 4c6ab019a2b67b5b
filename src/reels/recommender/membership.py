"""Is a key in a sorted set: the question of every filter, without numpy's detour of sorting both sides."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.types import Mask, Rows


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


@numba.njit(cache=True, nogil=True)
def in_either(keys: Keys, rows: Rows, seen: Keys, served: Keys) -> Mask:
    """bool[n]: whether the key of each row is in one of two ascending sets."""
    out = np.zeros(len(rows), np.bool_)
    for i in range(len(rows)):
        out[i] = _has(seen, keys[rows[i]]) or _has(served, keys[rows[i]])
    return out


@numba.njit(cache=True, nogil=True)
def _has(members: Keys, key: int) -> bool:
    low, high = 0, len(members)
    while low < high:
        middle = (low + high) // 2
        if members[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low < len(members) and members[low] == key


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
