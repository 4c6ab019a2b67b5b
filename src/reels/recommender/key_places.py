"""Where keys are in an ascending column of them, by a directory: two looks into memory instead of a binary search's 20.

Keys are hashes, so they are spread evenly: the top bits of a key say within one or two rows where it is. In a million
rows a binary search misses the cache about ten times a key, and a request looks up a thousand.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.types import Rows
from reels.recommender.membership import place_in

_KEY_BITS = 64


def directory_of(keys: Keys) -> NDArray[np.int32]:
    """int32[2^b + 1] of ascending keys, 2^b >= len(keys): where those begin whose top b bits count so far (signed)."""
    bits = max(1, len(keys).bit_length())
    counts = np.bincount((np.asarray(keys) >> (_KEY_BITS - bits)) + (1 << (bits - 1)), minlength=1 << bits)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


@numba.njit(cache=True, nogil=True)
def places_of(
    known: Keys, directory: NDArray[np.int32], late_keys: Keys, late_rows: Rows, keys: Keys
) -> NDArray[np.int32]:
    """int32[len(keys)]: of each key its row in `late_rows` where it is among `late_keys` (ascending), else its place in
    `known`, else -1. `directory`: of `known`."""
    half = (len(directory) - 1) // 2
    shift = _KEY_BITS
    buckets = len(directory) - 1
    while buckets > 1:
        buckets //= 2
        shift -= 1
    out = np.full(len(keys), -1, np.int32)
    for i in range(len(keys)):
        key = keys[i]
        bucket = (key >> shift) + half
        for place in range(directory[bucket], directory[bucket + 1]):
            if known[place] == key:
                out[i] = place
                break
    if len(late_keys):
        for i in range(len(keys)):
            late = place_in(late_keys, keys[i])
            if late >= 0:
                out[i] = late_rows[late]
    return out
