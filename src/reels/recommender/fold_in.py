"""A viewer's vector in the space of the matrix factorization, computed from the history at request time.

Implicit ALS (Hu, Koren and Volinsky 2008): with item factors Y, p = (Y'Y + sum_i a w_i y_i y_i' + l I)^-1
sum_i (1 + a w_i) y_i over the viewer's liked reels i, w_i = value * fade. Solved by Cholesky in plain loops, so that
the same history gives the same bits whatever the number of BLAS threads.
"""

import numba
import numpy as np

from reels.core.types import Floats
from reels.recommender.evidence import Evidence
from reels.recommender.models import Models

READ = 60
FADE = 0.95
"""Weight of a liked reel relative to the next newer one."""
_FADES = np.float32(FADE) ** np.arange(READ, dtype=np.float32)


def viewer_factors(evidence: Evidence, models: Models) -> Floats:
    """float32[k]; zero when no liked reel has factors. Found once a request."""
    if (kept := evidence.kept.get("factors")) is not None and kept[0] is models:
        vector: Floats = kept[1]
        return vector
    vector = _folded(evidence, models)
    evidence.kept["factors"] = (models, vector)
    return vector


def _folded(evidence: Evidence, models: Models) -> Floats:
    snapshot = models.snapshot
    origin = models.origin[evidence.liked[:READ]]
    known = origin >= 0
    weights = (evidence.liked_value[:READ] * _FADES[: len(origin)])[known]
    factors = snapshot.factors.take(origin[known])
    touched = factors.any(axis=1) if factors.shape[1] else np.zeros(len(factors), np.bool_)
    if not touched.any():
        return np.zeros(snapshot.factors.shape[1], np.float32)
    manifest = snapshot.manifest
    folded: Floats = _solve(
        np.asarray(snapshot.gramian, np.float64),
        factors[touched],
        weights[touched],
        manifest.factor_alpha,
        manifest.factor_regularization,
    )
    return folded


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _solve(gramian: Floats, factors: Floats, weights: Floats, alpha: float, regularization: float) -> Floats:
    k = gramian.shape[0]
    a = gramian.copy()
    b = np.zeros(k)
    for i in range(len(factors)):
        confidence = alpha * weights[i]
        for r in range(k):
            scaled = confidence * factors[i, r]
            for c in range(r + 1):
                a[r, c] += scaled * factors[i, c]
            b[r] += (1.0 + confidence) * factors[i, r]
    for r in range(k):
        a[r, r] += regularization + 1e-6
    for j in range(k):  # Cholesky: a becomes L, lower triangle
        for c in range(j):
            a[j, j] -= a[j, c] * a[j, c]
        a[j, j] = np.sqrt(max(a[j, j], 1e-12))
        for r in range(j + 1, k):
            total = a[r, j]
            for c in range(j):
                total -= a[r, c] * a[j, c]
            a[r, j] = total / a[j, j]
    for r in range(k):  # L z = b
        for c in range(r):
            b[r] -= a[r, c] * b[c]
        b[r] /= a[r, r]
    for r in range(k - 1, -1, -1):  # L' p = z
        for c in range(r + 1, k):
            b[r] -= a[c, r] * b[c]
        b[r] /= a[r, r]
    return b.astype(np.float32)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def inner(factors: Floats, vector: Floats) -> Floats:
    """float32[n]: inner product of each row with the vector, in plain loops (the same bits everywhere)."""
    out = np.zeros(len(factors), np.float32)
    for i in range(len(factors)):
        total = np.float32(0.0)
        for k in range(len(vector)):
            total += factors[i, k] * vector[k]
        out[i] = total
    return out
