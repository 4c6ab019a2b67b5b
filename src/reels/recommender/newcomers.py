"""Reels nobody has taken to yet, compared with one another by all that can be said of them for one viewer.

    promise = sum over what is known of weight * (value - mean) / deviation, among the new reels of the request

    words      inner product of TF-IDF rows with the liked reels', fading by .8 a reel
    content    cosine with their fading mean
    after      co-watching handed on by like reels that are watched next (`learning.newcomers`), fading by .65
    beside     by like reels that the same viewers watch, fading by .8
    factors    the viewer's factors with those that the reel's content maps to
    sequence   what the sequence model expects, with the text part of its vectors

A value that is not known counts as the mean. Tried reels have better evidence; these have nothing else.
"""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import Floats, Mask, Rows
from reels.recommender.evidence import Evidence
from reels.recommender.fold_in import viewer_factors
from reels.recommender.models import Models
from reels.recommender.ranker.features.content import fades
from reels.recommender.ranker.features.sums import neighbour_sums, products, word_sums
from reels.recommender.sequence import expected, opinions

WORDS, CONTENT, AFTER, BESIDE, FACTORS, SEQUENCE = 1.0, 0.5, 0.7, 0.7, 0.7, 0.7
READ, READ_NEXT = 30, 12
FADE, FADE_NEXT = 0.8, 0.65


def untried(models: Models, policy: Policy, rows: Rows) -> Mask:
    """bool[n]: nobody took to it before the snapshot, and it has not been shown as often as a fair trial takes."""
    origin = models.origin[rows]
    liked = (origin >= 0) & (models.snapshot.factors.scales[np.maximum(origin, 0)] > 0)
    return np.asarray(~liked & (models.impressions[rows] < policy.fair_trial_impressions))


def promises(evidence: Evidence, models: Models, rows: Rows) -> Floats:
    """float32[n]: how much each of these new reels promises this viewer, compared with the others."""
    total = np.zeros(len(rows), np.float32)
    if not len(evidence.liked) or not models.base:
        return total
    for weight, values in (*_by_text(evidence, models, rows), *_by_tables(evidence, models, rows)):
        known = values[np.isfinite(values)]
        spread = known.std() if len(known) else 0.0
        if spread > 1e-9:
            total += np.float32(weight) * np.nan_to_num((values - known.mean()) / np.float32(spread))
    return total


def _by_text(evidence: Evidence, models: Models, rows: Rows) -> list[tuple[float, Floats]]:
    """What the content vector alone says: of reels that came after the snapshot, too. NaN without one."""
    groups, liked = models.snapshot.groups, evidence.liked[:READ]
    vectors = np.ascontiguousarray(models.content(rows))
    mean = fades(evidence.liked_value[:READ], FADE) @ models.content(liked)
    found = [(CONTENT, products(vectors, np.ascontiguousarray(mean[None], np.float32))[:, 0])]
    if "newcomers" in groups:
        viewer = viewer_factors(evidence, models)
        wanted = products(groups["newcomers"]["factors"], viewer[None])
        found.append((FACTORS, products(vectors, np.ascontiguousarray(wanted.T))[:, 0]))
    wanted_next = expected(evidence, models)
    if wanted_next is not None:
        found.append((SEQUENCE, opinions(models, wanted_next, rows)[0]))
    with_text = vectors.any(axis=1)
    return [(weight, np.where(with_text, values, np.float32(np.nan))) for weight, values in found]


def _by_tables(evidence: Evidence, models: Models, rows: Rows) -> list[tuple[float, Floats]]:
    """What the tables of the snapshot say; NaN of reels that came after it."""
    snapshot, origin = models.snapshot, models.origin[rows]
    values = evidence.liked_value[:READ]
    history, slowly = models.origin[evidence.liked[:READ]], fades(values, FADE)[:, None]
    found: list[tuple[float, Floats]] = []
    if "words" in snapshot.groups:
        terms, weights = snapshot.groups["words"]["terms"], snapshot.coded("words", "term_weights")
        found.append((WORDS, word_sums(terms, weights.codes, weights.scales, history, slowly, origin)[:, 0]))
    if "newcomers" in snapshot.groups:
        soon = fades(values[:READ_NEXT], FADE_NEXT)[:, None]
        after, beside = (snapshot.table("newcomers", name) for name in ("after", "beside"))
        found.append((AFTER, neighbour_sums(after, history[:READ_NEXT], np.ascontiguousarray(soon), origin)[:, 0]))
        found.append((BESIDE, neighbour_sums(beside, history, np.ascontiguousarray(slowly), origin)[:, 0]))
    return [(weight, np.where(origin >= 0, one, np.float32(np.nan))) for weight, one in found]
