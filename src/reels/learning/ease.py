"""EASE (Steck 2019) as an item-item table: the linear model with a closed form, for catalogues of some ten thousand.

    B = I - P diag(1 / diag P),  P = (X'X + lambda I)^-1

of which each reel keeps its largest positive entries: the rest is small, and sums of them would need all of B.
"""

from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from reels.core.keys import Keys
from reels.core.types import Floats
from reels.learning.interactions import Histories
from reels.learning.snapshot import Neighbours
from reels.learning.workbench import Arrays

LAMBDA = 300.0
MOST_REELS = 10_000
"""The matrix takes 4 n^2 bytes and its inversion n^3 operations: 0.4 GB and some ten seconds at so many, eight times as
long at twice as many, and a training fits it twice."""


def ease(histories: Histories, k: int, *, regularization: float = LAMBDA) -> Neighbours:
    """The k largest positive entries of each row of B; weights in 0..1 of the table's largest.

    Row i holds what having liked i says for others. Reels nobody liked have no neighbours and cost nothing: X'X is zero
    there. Raises ValueError for more liked ones than `MOST_REELS`.
    """
    liked = np.unique(histories.rows)
    n = len(liked)
    if n > MOST_REELS:
        raise ValueError(f"{n:,} liked reels, EASE takes at most {MOST_REELS:,}")
    if not n:
        return Neighbours(np.zeros(histories.n + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    rows = np.searchsorted(liked, histories.rows).astype(np.int32)
    weights = ease_weights(replace(histories, rows=rows, n=n), regularization)
    kept = min(k, n - 1)
    indices, values, counts = [], [], []
    for row in weights:
        best = np.argpartition(-row, kept - 1)[:kept] if kept else np.empty(0, np.int64)
        best = best[row[best] > 0]
        best = best[np.lexsort((best, -row[best]))]
        indices.append(best.astype(np.int32))
        values.append(row[best])
        counts.append(len(best))
    flat = np.concatenate([np.empty(0, np.float32), *values]).astype(np.float32)
    every = np.zeros(histories.n, np.int64)
    every[liked] = counts
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(every)))
    named = liked[np.concatenate([np.empty(0, np.int32), *indices])].astype(np.int32)
    return Neighbours(indptr, named, flat / flat.max() if len(flat) else flat)


def ease_arrays(keys: Keys, table: Neighbours) -> Arrays:
    """The group `ease`."""
    return {
        "keys": keys,
        "ease_indptr": table.indptr,
        "ease_indices": table.indices,
        "ease_weights": table.weights,
    }


def ease_weights(histories: Histories, regularization: float) -> Floats:
    """float32[n, n] with a zero diagonal."""
    shape = (len(histories.indptr) - 1, histories.n)
    ones = np.ones(len(histories.rows), np.float32)
    return linear_weights(sparse.csr_matrix((ones, histories.rows, histories.indptr), shape=shape), regularization)


def linear_weights(liked: sparse.csr_matrix, regularization: float) -> Floats:
    """float32[n, n] with a zero diagonal, of a binary matrix of viewers by reels.

    Inverted in place by Cholesky in float32: 19,220 reels take 1.5 GB.
    """
    gram = np.asfortranarray((liked.T @ liked).toarray(), np.float32)
    gram[np.diag_indices_from(gram)] += np.float32(regularization)
    factor, info = lapack.spotrf(gram, lower=1, clean=0, overwrite_a=1)
    if info == 0:
        factor, info = lapack.spotri(factor, lower=1, overwrite_c=1)
    if info:
        raise ValueError(f"X'X + {regularization} I is not positive definite (LAPACK info {info})")
    return solution(factor)


def solution(inverse: Floats, block: int = 2048) -> Floats:
    """-P / diag(P) by columns with a zero diagonal, from the lower triangle of P, whose memory it takes over.

    P is symmetric, so its transposed view is P in C order: what a sparse product needs, or it copies the whole matrix
    for every batch of viewers.
    """
    n = len(inverse)
    diagonal = np.diag(inverse).copy()
    for start in range(0, n, block):
        stop = min(start + block, n)
        inverse[start:stop, stop:] = inverse[stop:, start:stop].T
        corner = inverse[start:stop, start:stop]
        inverse[start:stop, start:stop] = np.tril(corner) + np.tril(corner, -1).T
    inverse = inverse.T
    for start in range(0, n, block):
        inverse[:, start : start + block] /= -diagonal[start : start + block]
    inverse[np.diag_indices_from(inverse)] = 0.0
    return inverse
