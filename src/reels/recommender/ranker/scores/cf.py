"""The collaborative part: what viewers with the same history watched, also and next, and the factors' opinion."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.fold_in import inner, viewer_factors
from reels.recommender.models import Models
from reels.recommender.neighbours import summed
from reels.recommender.stages import Viewer

ALSO, NEXT, FACTORS = 0.35, 0.45, 0.2
"""Shares of the three voices. "Next" speaks loudest: alone it is the best of them on MicroLens."""
ALSO_FADE, NEXT_FADE = 0.85, 0.5
ALSO_READ, NEXT_READ = 50, 12


class Cf:
    """ALSO * symmetric + NEXT * directional + FACTORS * factorization, each divided by its largest among the rows.

    The three are on different scales, and a sum would be whichever is largest. In the symmetric table a liked reel
    fades by 0.85 a reel, in the directional one by 0.5: the newest events count most. A disliked reel takes from the
    symmetric sum what a liked one would add, times the square of how strongly it was disliked. No opinion of a reel
    that none of the three knows, or while nothing is liked.
    """

    name = "cf"

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        evidence, snapshot = viewer.evidence, models.snapshot
        if not len(evidence.liked) or not models.base:
            return np.full(len(rows), np.nan, np.float32)
        origin = models.origin[rows]
        liked = models.origin[evidence.liked[:ALSO_READ]]
        values = evidence.liked_value[:ALSO_READ]
        also, _ = summed(snapshot.cf, liked, values * fading(len(liked), ALSO_FADE), origin)
        disliked = models.origin[evidence.disliked[:ALSO_READ]]
        against = evidence.disliked_value[:ALSO_READ] ** 2 * fading(len(disliked), ALSO_FADE)
        also = np.maximum(also - summed(snapshot.cf, disliked, against, origin)[0], np.float32(0))
        liked, values = liked[:NEXT_READ], values[:NEXT_READ]
        following, _ = summed(snapshot.next, liked, values * fading(len(liked), NEXT_FADE), origin)
        factors = snapshot.factors.take(np.maximum(origin, 0))
        known = (origin >= 0) & (factors.any(axis=1) | (also > 0) | (following > 0))
        agreed = np.maximum(inner(factors, viewer_factors(evidence, models)), np.float32(0))
        total = ALSO * _of_largest(also) + NEXT * _of_largest(following) + FACTORS * _of_largest(agreed)
        return np.where(known, total, np.nan).astype(np.float32)


def fading(n: int, fade: float) -> Floats:
    """float32[n]: 1, fade, fade^2, ..."""
    return np.float32(fade) ** np.arange(n, dtype=np.float32)


def _of_largest(values: Floats) -> Floats:
    largest = values.max(initial=0)
    return values / largest if largest > 0 else values
