"""The sequence model at request time, without torch: one viewer's history to the vector of what comes next.

The same arithmetic as `learning.sequence_fit.encoded`, held equal to it to 1e-4 by a test, in plain loops: the same
bits whatever the number of threads, which replay needs. In the last layer only the newest reel asks.
"""

import math

import numba
import numpy as np

from reels.core.types import Floats
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
    SequenceModel,
)

_EPS = 1e-5
"""Of the norms, as torch has it."""


def encoded(model: SequenceModel, history: Floats) -> Floats:
    """float32[d]: what is expected after the reels whose vectors are history float32[h, d], oldest first, h >= 1.

    Only the newest `length` are read.
    """
    length = len(model.positions)
    x = np.ascontiguousarray(history[-length:]) + model.positions[: min(len(history), length)]
    out: Floats = _encoded(x, model.matrices, model.vectors)
    return out


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
