"""The page as one loop: the greedy choice by MMR under the caps, chance with known probability, place by place."""

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Rows

WINDOW = 9
"""Places looked back on: with the one to fill they are ten."""
ANY, TRIED, KEPT_FOR = 0, 1, 2
"""What a greedy choice is made among."""


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _dot(one: Floats, other: Floats) -> float:
    total = np.float32(0.0)
    for k in range(len(one)):
        total += one[k] * other[k]
    return float(total)


@numba.njit(cache=True, nogil=True)
def columns(
    creators: NDArray[np.int64], topics: NDArray[np.int16], groups: NDArray[np.int32], rows: Rows, unknown: int
) -> NDArray[np.int64]:
    """int64[3, n]: creators (0 for the unknown one), topics and groups of rows."""
    out = np.empty((3, len(rows)), np.int64)
    for i in range(len(rows)):
        creator = creators[rows[i]]
        out[0, i] = 0 if creator == unknown else creator
        out[1, i] = topics[rows[i]]
        out[2, i] = groups[rows[i]]
    return out


@numba.njit(cache=True, nogil=True)
def _in_window(values: NDArray[np.int64], filled: int, value: int, unknown: int) -> int:
    if value == unknown:
        return 0
    count = 0
    for place in range(max(0, filled - WINDOW), filled):
        if values[place] == value:
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _eligible(
    out: NDArray[np.bool_],
    taken: NDArray[np.bool_],
    creators: NDArray[np.int64],
    topics: NDArray[np.int64],
    groups: NDArray[np.int64],
    above: NDArray[np.int64],
    filled: int,
    caps: tuple[int, int],
) -> int:
    """Marks what may stand at the next place, and how many. Caps: per creator, per topic; -1 = no cap."""
    count = 0
    for i in range(len(out)):
        out[i] = False
        if taken[i]:
            continue
        if caps[0] >= 0 and _in_window(above[0], filled, creators[i], 0) >= caps[0]:
            continue
        if caps[1] >= 0 and _in_window(above[1], filled, topics[i], -1) >= caps[1]:
            continue
        twin = False
        for place in range(filled):
            twin = twin or above[2, place] == groups[i]
        if not twin:
            out[i] = True
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _greedy(
    scores: Floats,
    nearest: Floats,
    free: NDArray[np.bool_],
    trial: Floats,
    kept_for: NDArray[np.bool_],
    diversity: float,
    among: int,
) -> int:
    """The best by MMR of what is free of all, of the tried, or of what places are kept for; -1 = nothing is."""
    best, greedy = -np.inf, -1
    for i in range(len(scores)):
        if free[i] and (among == ANY or (among == TRIED and trial[i] <= 0.0) or (among == KEPT_FOR and kept_for[i])):
            value = (1.0 - diversity) * scores[i] - diversity * nearest[i]
            if value > best:
                best, greedy = value, i
    return greedy


@numba.njit(cache=True, nogil=True)
def fill(
    scores: Floats,
    vectors: Floats,
    creators: NDArray[np.int64],
    topics: NDArray[np.int64],
    groups: NDArray[np.int64],
    above: NDArray[np.int64],
    trial: Floats,
    kept_for: NDArray[np.bool_],
    limit: int,
    caps: tuple[int, int, int, int],
    diversity: float,
    epsilon: float,
    draws: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    """Picks, which of them were drawn by chance, and their propensities: int64[k], bool[k], float64[k], k <= limit.

    scores float32[n] in 0..1; vectors float32[n, d] unit or zero; creators, topics, groups int64[n] (creator 0 and
    topic -1 = not known, never capped); above int64[5, a]: creators, topics, groups, on trial, kept for, of the places
    above; trial float32[n] >= 0: weights of the half of the chance that goes to reels under trial; kept_for bool[n]:
    which reels places are kept for; draws float64[limit, 2] uniform in 0..1; caps per creator and per topic within ten
    places, of reels under trial that the greedy choice may put there, and how many of ten places are kept.

    A place: of what the caps allow (the topic cap gives way when nothing else is left, the creator cap only when the
    page would be empty), greedy = argmax (1 - diversity) * score - diversity * (largest cosine with the page so far),
    among the reels not under trial when enough of those stand near already, while there are others; among the reels
    places are kept for, while there are any and by score alone, where the nine places before have fewer of them.
    With probability epsilon the place is drawn instead from q = half uniform, half by trial weight.
    propensity = (1 - epsilon) * [is the greedy choice] + epsilon * q.
    """
    n, a = len(scores), above.shape[1]
    picks = np.empty(limit, np.int64)
    drawn = np.zeros(limit, np.bool_)
    propensities = np.empty(limit, np.float64)
    shown = np.empty((5, a + limit), np.int64)
    shown[:, :a] = above
    taken = np.zeros(n, np.bool_)
    free = np.empty(n, np.bool_)
    nearest = np.zeros(n, np.float32)
    placed = 0
    while placed < limit:
        filled = a + placed
        count = _eligible(free, taken, creators, topics, groups, shown, filled, (caps[0], caps[1]))
        if count == 0:
            count = _eligible(free, taken, creators, topics, groups, shown, filled, (caps[0], -1))
        if count == 0 and placed == 0:
            count = _eligible(free, taken, creators, topics, groups, shown, filled, (-1, -1))
        if count == 0:
            break
        on_trial = 0.0
        for i in range(n):
            if free[i]:
                on_trial += trial[i]
        among = TRIED if _in_window(shown[3], filled, 1, 0) >= caps[2] else ANY
        if filled >= WINDOW and _in_window(shown[4], filled, 1, 0) < caps[3]:
            among = KEPT_FOR
        greedy = _greedy(scores, nearest, free, trial, kept_for, 0.0 if among == KEPT_FOR else diversity, among)
        if greedy < 0:
            greedy = _greedy(scores, nearest, free, trial, kept_for, diversity, ANY)
        uniform = 1.0 / count if on_trial <= 0.0 else 0.5 / count
        chosen = greedy
        if draws[placed, 0] < epsilon:
            drawn[placed] = True
            left = draws[placed, 1]
            for i in range(n):
                if free[i]:
                    chosen = i
                    left -= uniform + (0.5 * trial[i] / on_trial if on_trial > 0.0 else 0.0)
                    if left < 0.0:
                        break
        q = uniform + (0.5 * trial[chosen] / on_trial if on_trial > 0.0 else 0.0)
        propensities[placed] = epsilon * q + ((1.0 - epsilon) if chosen == greedy else 0.0)
        picks[placed] = chosen
        taken[chosen] = True
        shown[0, filled], shown[1, filled], shown[2, filled] = creators[chosen], topics[chosen], groups[chosen]
        shown[3, filled] = 1 if trial[chosen] > 0.0 else 0
        shown[4, filled] = 1 if kept_for[chosen] else 0
        for i in range(n):
            if not taken[i]:
                nearest[i] = max(nearest[i], _dot(vectors[i], vectors[chosen]))
        placed += 1
    return picks[:placed], drawn[:placed], propensities[:placed]
