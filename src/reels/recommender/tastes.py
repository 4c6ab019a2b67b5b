"""A viewer's interests as a few vectors: one mean of cooking and football is neither.

Greedy leader clustering (Hartigan 1975) of the liked reels, newest first: a reel joins the nearest interest that is
near enough, else begins a new one; with all `MAX_TASTES` taken it joins the nearest. An interest is the weighted mean
of its reels, and a reel weighs its value times 0.5^(its place / HALF): newest events count most. A disliked reel near
an interest takes from its weight the square of how strongly it was disliked (a refusal 1, a skip 0.16: fans skip, too).
"""

from dataclasses import dataclass

import numba
import numpy as np

from reels.core.types import Floats
from reels.recommender.evidence import Evidence
from reels.recommender.models import Models

MAX_TASTES = 4
NEAR = 0.4
"""Cosine from which two reels are of one interest (centred sentence vectors: unrelated ones are about 0)."""
HALF = 10.0
"""Liked reels after which the weight has halved."""
REMAINS = 0.05
"""Share of an interest's weight that no dislike takes."""
READ = 60
"""Newest liked reels that are looked at: the rest would weigh under 2%."""
DISLIKES_READ = 24
_FADES = np.float32(0.5) ** (np.arange(READ, dtype=np.float32) / np.float32(HALF))


@dataclass(frozen=True, slots=True)
class Tastes:
    """m interests, strongest first, and q reels that push away."""

    vectors: Floats
    """float32[m, d], unit."""
    weights: Floats
    """float32[m] in 0..1, the strongest 1: root of the share, so that a small interest still has a say."""
    liked: Floats
    """float32[h, d], vectors of the liked reels that were read, newest first."""
    disliked: Floats
    """float32[q, d], unit or zero."""
    disliked_value: Floats


def tastes_of(evidence: Evidence, models: Models) -> Tastes:
    """The interests in a viewer's evidence; none when nothing liked has a content vector. Found once a request."""
    if (kept := evidence.kept.get("tastes")) is not None and kept[0] is models:
        found: Tastes = kept[1]
        return found
    found = _found(evidence, models)
    evidence.kept["tastes"] = (models, found)
    return found


def _found(evidence: Evidence, models: Models) -> Tastes:
    liked = models.content(evidence.liked[:READ])
    disliked = models.content(evidence.disliked[:DISLIKES_READ])
    vectors, weights = _leaders(liked, evidence.liked_value[:READ] * _FADES[: len(liked)], MAX_TASTES, NEAR)
    weights = _less_disliked(vectors, weights, disliked, evidence.disliked_value[:DISLIKES_READ] ** 2)
    order = np.argsort(-weights, kind="stable")
    vectors, weights = vectors[order], weights[order]
    if len(weights):
        weights = np.sqrt(weights / weights[0])
    return Tastes(vectors, weights, liked, disliked, evidence.disliked_value[:DISLIKES_READ])


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _dot(one: Floats, other: Floats) -> float:
    total = np.float32(0.0)
    for k in range(len(one)):
        total += one[k] * other[k]
    return float(total)


@numba.njit(cache=True, nogil=True)
def _leaders(vectors: Floats, weights: Floats, limit: int, near: float) -> tuple[Floats, Floats]:
    sums = np.zeros((limit, vectors.shape[1]), np.float32)
    means = np.zeros((limit, vectors.shape[1]), np.float32)
    mass = np.zeros(limit, np.float32)
    count = 0
    for i in range(len(vectors)):
        if _dot(vectors[i], vectors[i]) < 0.5 or weights[i] <= 0.0:
            continue
        best, nearest = -2.0, 0
        for k in range(count):
            likeness = _dot(vectors[i], means[k])
            if likeness > best:
                best, nearest = likeness, k
        if best < near and count < limit:
            nearest = count
            count += 1
        sums[nearest] += weights[i] * vectors[i]
        mass[nearest] += weights[i]
        norm = np.sqrt(_dot(sums[nearest], sums[nearest]))
        means[nearest] = sums[nearest] / max(norm, np.float32(1e-9))
    return means[:count], mass[:count]


@numba.njit(cache=True, nogil=True)
def _less_disliked(vectors: Floats, weights: Floats, disliked: Floats, strengths: Floats) -> Floats:
    left = weights.copy()
    fade = np.float32(1.0)
    for i in range(len(disliked)):
        best, nearest = np.float32(NEAR), -1
        for k in range(len(vectors)):
            near = np.float32(_dot(disliked[i], vectors[k]))
            if near >= best:
                best, nearest = near, k
        if nearest >= 0:
            left[nearest] -= fade * strengths[i]
        fade *= np.float32(0.5 ** (1.0 / HALF))
    remaining: Floats = np.maximum(left, np.float32(REMAINS) * weights)
    return remaining


@numba.njit(cache=True, nogil=True)
def likeness(candidates: Floats, vectors: Floats, weights: Floats) -> Floats:
    """float32[n]: largest weight * cosine of each candidate with any of the vectors, at least 0.

    Loops instead of a BLAS call: the same bits whatever the number of threads, which replay needs.
    """
    out = np.zeros(len(candidates), np.float32)
    for i in range(len(candidates)):
        for k in range(len(vectors)):
            value = np.float32(weights[k] * _dot(candidates[i], vectors[k]))
            if value > out[i]:
                out[i] = value
    return out
