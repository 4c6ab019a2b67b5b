"""What is known of reels that nobody knows yet: from known reels like them, and from their text.

Nobody has watched a new reel, so no table of co-watching names it. Its nearest known reels by words and content are
named, and what leads to them, or is watched by the same viewers, is thought to lead to it:

    after_wc = sum over known reels j of  P_wj N_cj
    P_wj  "watched next" (`cf_matrix.directional`), each row w summing to 1; `beside` the same with the symmetric table
    N_cj  likeness^2, the `ALIKE` nearest of c, over their sum + `SHRINK`: far neighbours promise little
          likeness = cosine of words + `MEANING` * cosine of content

And a ridge regression from content to the factors of those who have some (Gantner et al. 2010):

    M = (X'WX + lambda I)^-1 X'WY    W: likes, at most `ENOUGH`

so that any reel with a text has factors, content @ M, also one that comes after the snapshot.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from reels.core.keys import Keys
from reels.core.types import Floats, Mask, Rows, Times
from reels.learning.interactions import Histories
from reels.learning.snapshot import Neighbours
from reels.learning.words import BUCKETS
from reels.learning.workbench import Arrays

FEW = 3
"""A reel that fewer viewers have taken to is new."""
MOST = 10_000
"""Newest new reels that are looked at: each is compared with the whole catalogue."""
MOST_KNOWN = 100_000
"""Known reels, the most liked ones, that new ones are compared with."""
ALIKE = 40
MEANING = 0.5
SHRINK = 0.05
RIDGE, ENOUGH = 30.0, 50
BLOCK = 512
ROWS = 50_000
"""Known reels whose promises are summed at once: a hundred million sums would take gigabytes."""


@dataclass(frozen=True, slots=True)
class Told:
    """What texts say: n rows each."""

    content: Floats
    """float32[n, d] unit or zero rows."""
    terms: Rows
    """int32[n, t], as `words.word_rows`, with their weights."""
    term_weights: Floats

    def some(self) -> Mask:
        """bool[n]: which reels have a text."""
        return np.asarray(self.content.any(axis=1) | (self.term_weights > 0).any(axis=1))

    def words(self, rows: Rows) -> sparse.csr_matrix:
        """float32[len(rows), buckets]"""
        weights = self.term_weights[rows]
        indptr = np.concatenate(([0], np.cumsum((weights > 0).sum(axis=1))))
        said = weights > 0
        return sparse.csr_matrix((weights[said], self.terms[rows][said], indptr), shape=(len(rows), BUCKETS))


def newcomer_arrays(
    keys: Keys,
    histories: Histories,
    following: Neighbours,
    together: Neighbours,
    told: Told,
    factors: Floats,
    published: Times,
    k: int,
) -> Arrays:
    """The group `newcomers`: tables `after` and `beside`, the k new reels that each known one leads to, and the map
    float32[d, f] from content to factors float32[n, f]."""
    liked = np.bincount(histories.rows, minlength=histories.n)
    new, alike = likeness(told, liked, published)
    arrays: Arrays = {"keys": keys, "factors": factors_from_content(told.content, factors, liked)}
    for name, table in (("after", following), ("beside", together)):
        found = handed_on(table, new, alike, k)
        arrays |= {f"{name}_{part.name}": getattr(found, part.name) for part in fields(found)}
    return arrays


def likeness(told: Told, liked: NDArray[np.int64], published: Times) -> tuple[Rows, sparse.csr_matrix]:
    """The new reels (`liked` by less than `FEW`, with a text), and N float32[len(new), n].

    liked int64[n] viewers who took to a reel; published float64[n] decides which are newest where there are too many.
    """
    some = told.some()
    new: Rows = np.flatnonzero((liked < FEW) & some).astype(np.int32)
    new = np.sort(new[np.argsort(-published[new], kind="stable")[:MOST]])
    known: Rows = np.flatnonzero((liked >= FEW) & some).astype(np.int32)
    known = np.sort(known[np.argsort(-liked[known], kind="stable")[:MOST_KNOWN]])
    return new, _alike(told, new, known)


def handed_on(table: Neighbours, new: Rows, alike: sparse.csr_matrix, k: int) -> Neighbours:
    """New reels after each reel, best first; a weight of 1 is the root mean square over all new reels."""
    n = alike.shape[1]
    known = sparse.csr_matrix((table.weights, table.indices, table.indptr), shape=(n, n))
    to_new = sparse.csr_matrix(alike.T)
    return _joined([_best(_promised(known[at : at + ROWS], to_new), new, k, at) for at in range(0, n, ROWS)], len(new))


def factors_from_content(content: Floats, factors: Floats, liked: NDArray[np.int64]) -> Floats:
    """float32[d, f]: M."""
    known = np.flatnonzero((liked >= FEW) & content.any(axis=1) & factors.any(axis=1))
    weights = np.minimum(liked[known], ENOUGH).astype(np.float64)[:, None]
    x, y = content[known].astype(np.float64), factors[known].astype(np.float64)
    with threadpool_limits(1, "blas"):
        found = np.linalg.solve(x.T @ (weights * x) + RIDGE * np.eye(x.shape[1]), x.T @ (weights * y))
    return found.astype(np.float32)


def _promised(next_to: sparse.csr_matrix, to_new: sparse.csr_matrix) -> sparse.csr_matrix:
    """float32[rows, len(new)]: what these known reels lead to."""
    sums = np.maximum(np.asarray(next_to.sum(axis=1)).ravel(), 1e-9)
    return sparse.csr_matrix(sparse.diags(1.0 / sums) @ next_to @ to_new)


def _alike(told: Told, new: Rows, known: Rows) -> sparse.csr_matrix:
    """float32[len(new), n]: N."""
    k, n = min(ALIKE, len(known)), len(told.content)
    places = np.empty((len(new), k), np.int64)
    weights = np.zeros((len(new), k), np.float32)
    content, words = told.content[known].T, told.words(known).T.tocsr()
    with threadpool_limits(1, "blas"):
        for start in range(0, len(new) if k else 0, BLOCK):
            some = new[start : start + BLOCK]
            near = MEANING * np.maximum(told.content[some] @ content, 0) + (told.words(some) @ words).toarray()
            best = np.argpartition(-near, k - 1, axis=1)[:, :k]
            places[start : start + BLOCK] = known[best]
            weights[start : start + BLOCK] = np.take_along_axis(near, best, 1) ** 2
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


def _joined(parts: list[Neighbours], among: int) -> Neighbours:
    """One table of the parts, one below another; `among` so many new reels."""
    nothing = Neighbours(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    parts = [nothing, *parts]
    sizes = np.concatenate([np.diff(one.indptr) for one in parts])
    weights = np.concatenate([one.weights for one in parts])
    usual = np.sqrt(float((weights.astype(np.float64) ** 2).sum()) / max(int((sizes > 0).sum()) * among, 1))
    return Neighbours(
        np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64))),
        np.concatenate([one.indices for one in parts]),
        np.asarray(weights / max(usual, 1e-12), np.float32),
    )
