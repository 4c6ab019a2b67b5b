"""Compiled loops of the formula: what numpy did in a dozen passes over 300 numbers, each of which cost more to begin
than to do. The same operations in the same order and precision, so the same bits.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Rows


@numba.njit(cache=True, nogil=True)
def of_largest(raw: Floats) -> Floats:
    """float32[n]: each divided by the largest and cut to 0..1, what is not finite 0."""
    largest = np.float32(0.0)
    out = np.zeros(len(raw), np.float32)
    for i in range(len(raw)):
        if np.isfinite(raw[i]) and raw[i] > largest:
            largest = raw[i]
    if largest > 0:
        for i in range(len(raw)):
            if np.isfinite(raw[i]):
                out[i] = min(max(raw[i] / largest, np.float32(0.0)), np.float32(1.0))
    return out


@numba.njit(cache=True, nogil=True)
def add(total: Floats, weight: np.float32, part: Floats) -> None:
    """total += weight * part."""
    for i in range(len(total)):
        total[i] += np.float32(weight * part[i])


@numba.njit(cache=True, nogil=True)
def boosted(raw: Floats, most: np.float32, total: Floats) -> Floats:
    """float32[n]: most times raw cut to 0..1 (0 where it is not finite); added to `total`."""
    out = np.zeros(len(raw), np.float32)
    for i in range(len(raw)):
        if np.isfinite(raw[i]):
            out[i] = most * min(max(raw[i], np.float32(0.0)), np.float32(1.0))
        total[i] += out[i]
    return out


@numba.njit(cache=True, nogil=True)
def fading_age(published: NDArray[np.float64], rows: Rows, now: float, forget: float) -> NDArray[np.float64]:
    """float64[n]: -age / forget, of which exp is the newness; ages in the future count as none."""
    out = np.empty(len(rows), np.float64)
    for i in range(len(rows)):
        age = now - published[rows[i]]
        out[i] = age if np.isnan(age) else -max(age, 0.0) / forget
    return out


@numba.njit(cache=True, nogil=True)
def optimism(
    promise: Floats, impressions: NDArray[np.int64], rows: Rows, trial: int, newness: NDArray[np.float64]
) -> Floats:
    """float32[n]: promise / sqrt(1 + shown / trial) * (1 + newness) / 2."""
    out = np.empty(len(rows), np.float32)
    for i in range(len(rows)):
        width = 1.0 / np.sqrt(1.0 + impressions[rows[i]] / trial)
        out[i] = (promise[i] * width) * (0.5 + 0.5 * newness[i])
    return out


@numba.njit(cache=True, nogil=True)
def trials_left(
    impressions: NDArray[np.int64],
    creator_impressions: NDArray[np.int64],
    creators: NDArray[np.int64],
    rows: Rows,
    trial: int,
    most: int,
    now: float,
    new_for: float,
    known: NDArray[np.int64],
    since: NDArray[np.float64],
    unknown: NDArray[np.int64],
) -> Floats:
    """float32[n]: what is left of the fair trial of new creators' reels, else 0.

    A creator is new who began less than `new_for` before now and has been shown less than `most` times. `known` and
    `since`: creators, ascending, and when each began; others begin now; the two of `unknown` are never new.
    """
    out = np.zeros(len(rows), np.float32)
    for i in range(len(rows)):
        row = rows[i]
        if impressions[row] >= trial or creator_impressions[row] >= most:
            continue
        creator = creators[row]
        if creator == unknown[0] or creator == unknown[1]:
            continue
        low, high = 0, len(known)
        while low < high:
            middle = (low + high) // 2
            if known[middle] < creator:
                low = middle + 1
            else:
                high = middle
        if low < len(known) and known[low] == creator and not now - since[low] < new_for:
            continue
        out[i] = 1.0 - impressions[row] / trial
    return out


@numba.njit(cache=True, nogil=True)
def of_three(
    also: Floats,
    following: Floats,
    agreed: Floats,
    factors: Floats,
    origin: Rows,
    one: np.float32,
    two: np.float32,
    three: np.float32,
) -> Floats:
    """float32[n]: one * also + two * following + three * agreed, each divided by its largest; NaN = nobody knows it."""
    n = len(also)
    out = np.full(n, np.nan, np.float32)
    most = np.zeros(3, np.float32)
    for i in range(n):
        most[0], most[1] = max(most[0], also[i]), max(most[1], following[i])
        most[2] = max(most[2], agreed[i])
    for i in range(n):
        known = also[i] > 0 or following[i] > 0
        if origin[i] < 0:
            continue
        for k in range(factors.shape[1]):
            if known:
                break
            known = factors[i, k] != 0
        if known:
            a = also[i] / most[0] if most[0] > 0 else also[i]
            b = following[i] / most[1] if most[1] > 0 else following[i]
            c = agreed[i] / most[2] if most[2] > 0 else agreed[i]
            out[i] = np.float32(one * a + two * b) + three * c
    return out


@numba.njit(cache=True, nogil=True)
def unknown_without(pull: Floats, vectors: Floats) -> None:
    """NaN where the vector is zero."""
    for i in range(len(pull)):
        some = False
        for k in range(vectors.shape[1]):
            if vectors[i, k] != 0:
                some = True
                break
        if not some:
            pull[i] = np.nan


@numba.njit(cache=True, nogil=True)
def mean_popularity(
    overall: Floats,
    of_snapshot: Floats,
    places: tuple[NDArray[np.int16], NDArray[np.int16]],
    best: tuple[Floats, Floats],
    asked: tuple[int, int],
    less: tuple[float, float],
    origin: Rows,
    rows: Rows,
) -> Floats:
    """float32[n]: mean of the popularity overall, in a region and in a language; -1 = that one is not asked.

    `places` and `best`: as `popularity.seen_from` has them, of regions and languages; `less`: what a reel of nowhere
    and of elsewhere is worth there. Where the snapshot does not know a row the overall popularity speaks for it.
    """
    nowhere, elsewhere = np.float32(less[0]), np.float32(less[1])
    out = np.empty(len(rows), np.float32)
    for i in range(len(rows)):
        known = origin[rows[i]]
        total, voices = overall[rows[i]], np.float32(1.0)
        for k in range(2):
            if asked[k] < 0:
                continue
            voices += np.float32(1.0)
            if known < 0:
                total += overall[rows[i]]
            elif places[k][known] == asked[k] and best[k][asked[k]] > 0:
                total += of_snapshot[known] / best[k][asked[k]]
            else:
                total += of_snapshot[known] * (nowhere if places[k][known] < 0 else elsewhere)
        out[i] = total / voices
    return out
