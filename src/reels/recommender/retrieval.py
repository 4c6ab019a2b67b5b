"""Nearest reels to a few vectors. `Exact` looks at all of them; an index with the same verb can take its place."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Mask, Rows

BLOCK = 65_536
"""Rows multiplied at once: 64 dimensions of it are 16 MB, about the size of the last cache."""


class Retrieval(Protocol):
    """Finds the rows of a fixed matrix of unit vectors with the largest inner product."""

    def nearest(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        """(int32[q, k], float32[q, k]), best first; row -1 with score -inf where there are fewer than k."""


class Exact:
    """All rows, in blocks: one sgemm and one partition each. 1M x 64: about 23 ms a query on one core."""

    def __init__(self, vectors: Floats, active: Mask) -> None:
        self.vectors, self.active = vectors, active

    def nearest(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        rows = np.empty((len(queries), 0), np.int32)
        scores = np.empty((len(queries), 0), np.float32)
        for start in range(0, len(self.vectors), BLOCK):
            block = self.vectors[start : start + BLOCK]
            found = queries @ block.T
            found[:, ~self.active[start : start + BLOCK]] = -np.inf
            places = np.broadcast_to(np.arange(start, start + len(block), dtype=np.int32), found.shape)
            rows, scores = _best(np.hstack([rows, places]), np.hstack([scores, found]), k)
        order = np.lexsort((rows, -scores), axis=1)
        rows, scores = np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)
        rows[np.isneginf(scores)] = -1
        return _padded(rows, k, -1), _padded(scores, k, -np.inf)


def _best(rows: Rows, scores: Floats, k: int) -> tuple[Rows, Floats]:
    if scores.shape[1] <= k:
        return rows, scores
    kept = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return np.take_along_axis(rows, kept, 1), np.take_along_axis(scores, kept, 1)


def _padded(values: NDArray[Any], k: int, filler: float) -> NDArray[Any]:
    missing = k - values.shape[1]
    return values if missing <= 0 else np.pad(values, ((0, 0), (0, missing)), constant_values=filler)
