"""Reel and creator ids as 64-bit keys, so that sets of them are plain integer arrays.

A key is the XXH3-64 hash of the id's UTF-8 bytes, read as a signed integer (MongoDB, numpy and Arrow
all have int64). With a million ids the chance of any collision is 3e-8; building a snapshot checks
for one and refuses it.
"""

from collections.abc import Iterable

import numpy as np
import xxhash
from numpy.typing import NDArray

Keys = NDArray[np.int64]


def key_of(identifier: str) -> int:
    """The signed 64-bit key of one reel or creator id."""
    digest = xxhash.xxh3_64_intdigest(identifier.encode("utf-8", "surrogatepass"))
    return digest - (1 << 64) if digest >= 1 << 63 else digest


def keys_of(identifiers: Iterable[str]) -> Keys:
    """Keys of many ids: int64[n], in the order given."""
    return np.fromiter((key_of(one) for one in identifiers), dtype=np.int64)


NO_KEYS: Keys = np.empty(0, dtype=np.int64)
NO_KEYS.setflags(write=False)
