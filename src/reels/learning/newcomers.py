"""New reels after known ones: to the content neighbours of a new reel comes what co-watching says comes next.

Nobody has watched a new reel, so no table of co-watching names it. Its nearest known reels in content are named, and
what leads to them is thought to lead to it:

    after_wc = sum over known reels j of  P_wj N_cj
    P_wj  "watched next" (`cf_matrix.directional`), each row w summing to 1
    N_cj  (cosine of c and j)^2, the `ALIKE` nearest of c, over their sum + `SHRINK`: far neighbours promise little
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from reels.core.keys import Keys
from reels.core.types import Floats, Rows, Times
from reels.learning.interactions import Histories
from reels.learning.snapshot import Neighbours
from reels.learning.workbench import Arrays

FEW = 3
"""A reel that fewer viewers have taken to is new."""
MOST = 10_000
"""Newest new reels that are looked at: each is compared with the whole catalogue."""
MOST_KNOWN = 100_000
"""Known reels, the most liked ones, that new ones are compared with."""
ALIKE = 20
SHRINK = 0.05
BLOCK = 512
ROWS = 50_000
"""Known reels whose promises are summed at once: a hundred million sums would take gigabytes."""


def newcomer_arrays(
    keys: Keys, histories: Histories, following: Neighbours, content: Floats, published: Times, k: int
) -> Arrays:
    """The group `newcomers`: table `after`, the k new reels that each known one leads to; weights in 0..1."""
    liked = np.bincount(histories.rows, minlength=histories.n)
    table = newcomers(following, content, liked, published, k)
    return {
        "keys": keys,
        "after_indptr": table.indptr,
        "after_indices": table.indices,
        "after_weights": table.weights,
    }


def newcomers(following: Neighbours, content: Floats, liked: NDArray[np.int64], published: Times, k: int) -> Neighbours:
    """The table: new reels (`liked` by less than `FEW`, with words) after each reel, best first.

    content float32[n, d] unit or zero rows; liked int64[n] viewers who took to a reel; published float64[n] decides
    which are newest where there are too many.
    """
    n = len(content)
    with_words = content.any(axis=1)
    new: Rows = np.flatnonzero((liked < FEW) & with_words).astype(np.int32)
    new = np.sort(new[np.argsort(-published[new], kind="stable")[:MOST]])
    known: Rows = np.flatnonzero((liked >= FEW) & with_words).astype(np.int32)
    known = np.sort(known[np.argsort(-liked[known], kind="stable")[:MOST_KNOWN]])
    alike = _alike(content, new, known)
    next_to = sparse.csr_matrix((following.weights, following.indices, following.indptr), shape=(n, n))
    to_new = sparse.csr_matrix(alike.T)
    return _joined([_best(_promised(next_to[at : at + ROWS], to_new), new, k, at) for at in range(0, n, ROWS)])


def _promised(next_to: sparse.csr_matrix, to_new: sparse.csr_matrix) -> sparse.csr_matrix:
    """float32[rows, len(new)]: what these known reels lead to."""
    sums = np.maximum(np.asarray(next_to.sum(axis=1)).ravel(), 1e-9)
    return sparse.csr_matrix(sparse.diags(1.0 / sums) @ next_to @ to_new)


def _alike(content: Floats, new: Rows, known: Rows) -> sparse.csr_matrix:
    """float32[len(new), n]: N."""
    k, n = min(ALIKE, len(known)), len(content)
    places = np.empty((len(new), k), np.int64)
    weights = np.zeros((len(new), k), np.float32)
    with threadpool_limits(1, "blas"):
        for start in range(0, len(new) if k else 0, BLOCK):
            near = content[new[start : start + BLOCK]] @ content[known].T
            best = np.argpartition(-near, k - 1, axis=1)[:, :k]
            places[start : start + BLOCK] = known[best]
            weights[start : start + BLOCK] = np.maximum(np.take_along_axis(near, best, 1), 0) ** 2
    weights /= weights.sum(axis=1, keepdims=True) + SHRINK
    indptr = np.arange(0, len(new) * k + 1, k) if k else np.zeros(len(new) + 1, np.int64)
    return sparse.csr_matrix((weights.ravel(), places.ravel(), indptr), shape=(len(new), n))


def _best(promised: sparse.csr_matrix, new: Rows, k: int, first: int) -> Neighbours:
    """The k largest of each row, their columns named by the rows of the new reels; never the reel itself.

    Its rows are those from `first` on. Weights are not scaled yet.
    """
    promised.sum_duplicates()
    owners = np.repeat(np.arange(promised.shape[0]), np.diff(promised.indptr))
    rows, weights = new[promised.indices], promised.data.astype(np.float32)
    kept = (weights > 0) & (rows != owners + first)
    owners, rows, weights = owners[kept], rows[kept], weights[kept]
    order = np.lexsort((rows, -weights, owners))
    owners, rows, weights = owners[order], rows[order], weights[order]
    best = np.arange(len(owners)) - np.searchsorted(owners, owners) < k
    counts = np.bincount(owners[best], minlength=promised.shape[0])
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
    return Neighbours(indptr, rows[best].astype(np.int32), weights[best])


def _joined(parts: list[Neighbours]) -> Neighbours:
    """One table of the parts, one below another; weights in 0..1 of the largest."""
    nothing = Neighbours(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    parts = [nothing, *parts]
    sizes = np.concatenate([np.diff(one.indptr) for one in parts])
    weights = np.concatenate([one.weights for one in parts])
    return Neighbours(
        np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64))),
        np.concatenate([one.indices for one in parts]),
        weights / weights.max() if len(weights) else weights,
    )
