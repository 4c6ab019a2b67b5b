"""The collaborative part: what viewers with the same history watched, also and next, and the factors' opinion."""

from functools import lru_cache

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.fold_in import inner, viewer_factors
from reels.recommender.models import Models
from reels.recommender.neighbours import summed
from reels.recommender.ranker.loops import of_three
from reels.recommender.stages import Viewer

ALSO, NEXT, FACTORS = 0.35, 0.45, 0.2
"""Shares of the three voices. "Next" speaks loudest: alone it is the best of them on MicroLens."""
_SHARES = np.float32(ALSO), np.float32(NEXT), np.float32(FACTORS)
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
        agreed = np.maximum(inner(factors, viewer_factors(evidence, models)), np.float32(0))
        return of_three(also, following, agreed, factors, origin, *_SHARES)


@lru_cache(maxsize=1024)
def fading(n: int, fade: float) -> Floats:
    """float32[n]: 1, fade, fade^2, ... Kept for the next time: read only."""
    fades: Floats = np.float32(fade) ** np.arange(n, dtype=np.float32)
    fades.setflags(write=False)
    return fades
