"""The sequence model at request time, without torch: one viewer's history to the vector of what comes next.

The same arithmetic as `learning.sequence_fit.encoded`, held equal to it to 1e-4 by a test, in plain loops: the same
bits whatever the number of threads, which replay needs. In the last layer only the newest reel asks.
"""

import math
from collections.abc import Mapping
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Rows
from reels.learning.sequence import (
    ATTENTION_NORM,
    FIRST,
    FORWARD_NORM,
    HEADS,
    KEY,
    OUTPUT,
    QUERY,
    SECOND,
    SECOND_BIAS,
    VALUE,
)
from reels.recommender.evidence import Evidence
from reels.recommender.models import Models

GROUP = "sequence"
_EPS = 1e-5
"""Of the norms, as torch has it."""


def expected(evidence: Evidence, models: Models) -> Floats | None:
    """float32[w]: what the viewer's liked reels lead to; None while nothing is liked or the snapshot has no model."""
    group = models.snapshot.groups.get(GROUP)
    if group is None or not len(evidence.liked):
        return None
    history = vectors_of(models, evidence.liked[: group["positions"].shape[1]][::-1])
    history = history[history.any(axis=1)]
    return encoded(group["positions"], group["matrices"], group["vectors"], history) if len(history) else None


def opinions(models: Models, wanted: Floats, rows: Rows) -> tuple[Floats, Floats]:
    """Of each row, float32[n]: how likely it is next (a log, up to a constant), and its cosine with what is `wanted`.

    NaN for a reel of which the model knows nothing, not even words.
    """
    vectors = vectors_of(models, rows)
    bias = _bias(models.snapshot.groups[GROUP], models.origin[rows])
    agreed, sizes = _agreed(vectors, wanted)
    known = sizes > 0
    cosine = agreed / np.maximum(sizes * np.sqrt(_agreed(wanted[None], wanted)[0]), np.float32(1e-9))
    return np.where(known, agreed + bias, np.nan).astype(np.float32), np.where(known, cosine, np.nan).astype(np.float32)


def vectors_of(models: Models, rows: Rows) -> Floats:
    """float32[n, w]: the model's vectors; of reels that it was not fitted with, the text part. Zero = nothing known."""
    group, items = models.snapshot.groups[GROUP], models.snapshot.coded(GROUP, "items")
    origin = models.origin[rows]
    out = np.where((origin >= 0)[:, None], items.take(np.maximum(origin, 0)), np.float32(0))
    unknown = ~out.any(axis=1)
    if unknown.any():
        out[unknown] = _from_texts(np.ascontiguousarray(models.content(rows[unknown])), group["text"])
    return np.ascontiguousarray(out, np.float32)


def encoded(positions: Floats, matrices: Floats, vectors: Floats, history: Floats) -> Floats:
    """float32[d]: what is expected after the reels whose vectors are history float32[h, d], oldest first, h >= 1.

    The arrays are those of `SequenceModel`. Each tower reads its columns of the newest reels, and what it expects is
    divided by how many they are: the inner product with a reel's vector is the mean of their scores.
    """
    towers, length, width = positions.shape
    newest, out = history[-length:], np.empty(towers * width, np.float32)
    for tower in range(towers):
        mine = slice(tower * width, (tower + 1) * width)
        x = np.ascontiguousarray(newest[:, mine]) + positions[tower, : len(newest)]
        out[mine] = _encoded(x, matrices[tower], vectors[tower])
    out /= np.float32(towers)
    return out


def _bias(group: Mapping[str, NDArray[Any]], origin: Rows) -> Floats:
    """float32[n]; that of a reel nobody met for one the model was not fitted with."""
    known = np.where(origin >= 0, group["bias"].take(np.maximum(origin, 0)), group["unmet"][0])
    return np.asarray(known, np.float32)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _from_texts(content: Floats, text: Floats) -> Floats:
    out = np.zeros((len(content), text.shape[1]), np.float32)
    for i in range(len(content)):
        for r in range(content.shape[1]):
            value = content[i, r]
            for c in range(text.shape[1]):
                out[i, c] += value * text[r, c]
    return out


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _agreed(vectors: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Inner product of each vector with what is wanted, and its length."""
    agreed, sizes = np.zeros(len(vectors), np.float32), np.zeros(len(vectors), np.float32)
    for i in range(len(vectors)):
        total, square = np.float32(0.0), np.float32(0.0)
        for k in range(len(wanted)):
            total += vectors[i, k] * wanted[k]
            square += vectors[i, k] * vectors[i, k]
        agreed[i], sizes[i] = total, np.sqrt(square)
    return agreed, sizes


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _encoded(x: Floats, matrices: Floats, vectors: Floats) -> Floats:
    layers = len(matrices)
    for layer in range(layers):
        m, v = matrices[layer], vectors[layer]
        first = len(x) - 1 if layer == layers - 1 else 0  # of the last layer only the last place is wanted
        y = _norms(x, v[ATTENTION_NORM], v[ATTENTION_NORM + 1])
        query = _times(y[first:], m[QUERY], v[QUERY])
        mixed = _attention(query, _times(y, m[KEY], v[KEY]), _times(y, m[VALUE], v[VALUE]), first)
        x = x[first:] + _times(mixed, m[OUTPUT], v[OUTPUT])
        y = _norms(x, v[FORWARD_NORM], v[FORWARD_NORM + 1])
        for half in range(2):
            hidden = _times(y, m[FIRST + half], v[FIRST + half])
            for i in range(len(hidden)):
                for k in range(hidden.shape[1]):
                    value = hidden[i, k]
                    hidden[i, k] = 0.5 * value * (1.0 + math.erf(value / math.sqrt(2.0)))
            bias = v[SECOND_BIAS] if half == 0 else np.zeros_like(v[SECOND_BIAS])
            x = x + _times(hidden, m[SECOND + half], bias)
    last = _norms(x[len(x) - 1 :], vectors[layers, ATTENTION_NORM], vectors[layers, ATTENTION_NORM + 1])
    out: Floats = last[0]
    return out


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _norms(x: Floats, scale: Floats, shift: Floats) -> Floats:
    out = np.empty_like(x)
    d = x.shape[1]
    for i in range(len(x)):
        mean, square = np.float32(0.0), np.float32(0.0)
        for k in range(d):
            mean += x[i, k]
        mean /= d
        for k in range(d):
            square += (x[i, k] - mean) ** 2
        width = np.float32(1.0) / np.sqrt(square / d + np.float32(_EPS))
        for k in range(d):
            out[i, k] = (x[i, k] - mean) * width * scale[k] + shift[k]
    return out


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _times(x: Floats, matrix: Floats, bias: Floats) -> Floats:
    """x @ matrix + bias, row by row of the matrix so that the innermost loop runs along memory."""
    out = np.empty_like(x)
    for i in range(len(x)):
        for c in range(x.shape[1]):
            out[i, c] = bias[c]
        for r in range(x.shape[1]):
            value = x[i, r]
            for c in range(x.shape[1]):
                out[i, c] += value * matrix[r, c]
    return out


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _attention(query: Floats, key: Floats, value: Floats, first: int) -> Floats:
    """Causal softmax attention of query places first, first + 1, ... over all before and themselves, head by head."""
    out = np.zeros_like(query)
    wide = query.shape[1] // HEADS
    weights = np.empty(len(key), np.float32)
    for i in range(len(query)):
        for head in range(HEADS):
            start, most = head * wide, np.float32(-np.inf)
            for j in range(first + i + 1):
                total = np.float32(0.0)
                for k in range(start, start + wide):
                    total += query[i, k] * key[j, k]
                weights[j] = total / np.sqrt(np.float32(wide))
                most = max(most, weights[j])
            mass = np.float32(0.0)
            for j in range(first + i + 1):
                weights[j] = np.exp(weights[j] - most)
                mass += weights[j]
            for j in range(first + i + 1):
                share = weights[j] / mass
                for k in range(start, start + wide):
                    out[i, k] += share * value[j, k]
    return out
