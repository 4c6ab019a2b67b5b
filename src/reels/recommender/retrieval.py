"""Nearest reels to a few vectors: `Exact` looks at all of them, `Inverted` at the likely ones of a large catalogue."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Mask, Rows
from reels.learning.codes import Codes
from reels.learning.index import open_index, search
from reels.learning.snapshot import Snapshot

BLOCK = 65_536
"""Rows multiplied at once: 64 dimensions of it are 16 MB, about the size of the last cache."""


class Retrieval(Protocol):
    """Finds the rows of a fixed matrix of unit vectors with the largest inner product."""

    def nearest(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        """(int32[q, k], float32[q, k]), best first; row -1 with score -inf where there are fewer than k."""


class Exact:
    """All rows, in blocks: one sgemm and one partition each. 1M x 64: about 23 ms a query on one core."""

    def __init__(self, vectors: Floats, active: Mask) -> None:
        self.vectors = vectors
        self._penalty = np.where(active, np.float32(0), np.float32(-np.inf))

    def nearest(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        rows = np.full((len(queries), k), -1, np.int32)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        for start in range(0, len(self.vectors) if k > 0 else 0, BLOCK):
            # matrix @ queries: with few queries OpenBLAS takes half the time it takes for queries @ matrix
            found = np.ascontiguousarray((self.vectors[start : start + BLOCK] @ queries.T).T)
            found += self._penalty[start : start + BLOCK]
            for q, of_one in enumerate(found):
                places = _largest(of_one, k)
                together = np.concatenate([scores[q], of_one[places]])
                names = np.concatenate([rows[q], (places + start).astype(np.int32)])
                best = np.lexsort((names, -together))[:k]
                rows[q], scores[q] = names[best], together[best]
        rows[np.isneginf(scores)] = -1
        return rows, scores


class Inverted:
    """The lists whose centroids are nearest, by an index over the active rows; the best of them by their vectors.

    1M x 64: 0.3 to 0.6 ms a query on one core. The index is searched where it lies: `packed` is a mapped file.
    """

    def __init__(self, packed: NDArray[np.uint8], vectors: Codes, probes: int) -> None:
        self._packed, self._vectors, self._probes = packed, vectors, probes
        self._index = open_index(packed)

    def nearest(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        return search(self._index, self._vectors, queries, k, self._probes)


def retrieval_of(snapshot: Snapshot) -> Retrieval:
    """By the snapshot's index where it has one, else by looking at everything."""
    if (index := snapshot.groups.get("index")) is not None:
        return Inverted(index["packed"], snapshot.content, int(index["probes"][0]))
    return Exact(snapshot.content.floats(), np.asarray(snapshot.active))


def _largest(values: Floats, k: int) -> NDArray[np.intp]:
    """Places of the k largest, in no order."""
    return np.argpartition(values, len(values) - k)[-k:] if len(values) > k else np.arange(len(values))
