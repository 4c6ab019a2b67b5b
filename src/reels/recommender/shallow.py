"""The shallow sequence model at request time: a viewer's history to the vector of what comes next.

`learning.shallow` says what is computed. In plain loops: the same bits whatever the number of threads, which replay
needs.
"""

import numba
import numpy as np

from reels.core.types import Floats, Rows
from reels.recommender.evidence import Evidence
from reels.recommender.fold_in import inner
from reels.recommender.models import Models

GROUP = "shallow"


def expected(evidence: Evidence, models: Models) -> Floats | None:
    """float32[w]: what the viewer's liked reels lead to; None while nothing is liked or the snapshot has no model."""
    group = models.snapshot.groups.get(GROUP)
    if group is None or not len(evidence.liked):
        return None
    read = evidence.liked[: int(group["length"][0])]
    return led_to(vectors_of(models, read), group["fades"], group["matrices"])


def led_to(history: Floats, fades: Floats, matrices: Floats) -> Floats:
    """float32[w] of the vectors float32[h, w] of a history, newest first, h >= 1; arrays as in `ShallowModel`."""
    found: Floats = _led_to(np.ascontiguousarray(history), fades, matrices)
    return found


def opinions(models: Models, wanted: Floats, rows: Rows) -> Floats:
    """float32[n]: how likely each row is next (a log, up to a constant); NaN = nothing is known, not even words."""
    vectors = vectors_of(models, rows)
    said = inner(vectors, wanted) + biases_of(models, rows)
    return np.where(vectors.any(axis=1), said, np.nan).astype(np.float32)


def biases_of(models: Models, rows: Rows) -> Floats:
    """float32[n]; that of a reel nobody met for one the model was not fitted with."""
    group, origin = models.snapshot.groups[GROUP], models.origin[rows]
    found = np.where(origin >= 0, group["bias"].take(np.maximum(origin, 0)), group["unmet"][0])
    return np.asarray(found, np.float32)


def vectors_of(models: Models, rows: Rows) -> Floats:
    """float32[n, w]; of reels the model was not fitted with, the text part. Zero = nothing known."""
    origin = models.origin[rows]
    items = models.snapshot.coded(GROUP, "items")
    out = items.take(np.maximum(origin, 0))
    unknown = (origin < 0) | (items.scales[np.maximum(origin, 0)] == 0)
    if unknown.any():
        text = models.snapshot.groups[GROUP]["text"]
        out[unknown] = _times(np.ascontiguousarray(models.content(rows[unknown])), text)
    return out


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _times(x: Floats, matrix: Floats) -> Floats:
    out = np.zeros((len(x), matrix.shape[1]), np.float32)
    for i in range(len(x)):
        for r in range(matrix.shape[0]):
            for c in range(matrix.shape[1]):
                out[i, c] += x[i, r] * matrix[r, c]
    return out


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _led_to(history: Floats, fades: Floats, matrices: Floats) -> Floats:
    width = history.shape[1]
    out = np.zeros(width, np.float32)
    for f in range(len(fades)):
        mean, weight, total = np.zeros(width, np.float32), np.float32(1.0), np.float32(0.0)
        for h in range(len(history)):
            for k in range(width):
                mean[k] += weight * history[h, k]
            total += weight
            weight *= fades[f]
        for r in range(width):
            share = mean[r] / total
            for c in range(width):
                out[c] += share * matrices[f, r, c]
    return out
