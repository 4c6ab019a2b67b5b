"""Reels nobody has taken to yet: what they promise one viewer, by all that can be said of them.

    promise = sum over what is known of weight * value, values faded over the viewer's liked reels and divided by the
              sum of the fading, so that a promise means the same for short histories and long ones

    words      inner product of TF-IDF rows with the liked reels', fading by .8 a reel
    content    cosine with them, fading by .8
    after      co-watching handed on by like reels that are watched next (`learning.newcomers`), fading by .65
    beside     by like reels that the same viewers watch, fading by .8
    factors    the viewer's factors with those that the reel's content maps to
    sequence   cosine with what the sequence model expects, of the text part of its vectors

A value that is not known counts 0. Tried reels have better evidence; these have nothing else.
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

WORDS, CONTENT, AFTER, BESIDE, FACTORS, SEQUENCE = 90.0, 10.0, 0.7, 0.7, 66.0, 2.4
"""About one usual deviation each among the new reels of MicroLens; chosen with a tenth of its reels withheld, one event
before the splits that are reported."""
ENOUGH = 12.0
"""Promise from which a reel is worth a reserved place: four of five MicroLens viewers have one, and nearly all hits in
such places are theirs (without the most modest fifth 98%)."""
READ, READ_NEXT = 30, 12
FADE, FADE_NEXT = 0.8, 0.65


def untried(models: Models, policy: Policy, rows: Rows) -> Mask:
    """bool[n]: nobody took to it before the snapshot, and it has not been shown as often as a fair trial takes."""
    origin = models.origin[rows]
    liked = (origin >= 0) & (models.snapshot.factors.scales[np.maximum(origin, 0)] > 0)
    return np.asarray(~liked & (models.impressions[rows] < policy.fair_trial_impressions))


def promises(evidence: Evidence, models: Models, rows: Rows) -> Floats:
    """float32[n]: how much each of these new reels promises this viewer; 0 while nothing is liked."""
    total = np.zeros(len(rows), np.float32)
    if not len(evidence.liked) or not models.base:
        return total
    for weight, values in (*_by_text(evidence, models, rows), *_by_tables(evidence, models, rows)):
        total += np.float32(weight) * np.nan_to_num(values)
    return total


def _by_text(evidence: Evidence, models: Models, rows: Rows) -> list[tuple[float, Floats]]:
    """What the content vector alone says: of reels that came after the snapshot, too."""
    groups, liked = models.snapshot.groups, evidence.liked[:READ]
    vectors = np.ascontiguousarray(models.content(rows))
    mean = _shares(evidence.liked_value[:READ], FADE) @ models.content(liked)
    found = [(CONTENT, products(vectors, np.ascontiguousarray(mean[None], np.float32))[:, 0])]
    if "newcomers" in groups:
        wanted = products(groups["newcomers"]["factors"], viewer_factors(evidence, models)[None])
        found.append((FACTORS, products(vectors, np.ascontiguousarray(wanted.T))[:, 0]))
    expected_next = expected(evidence, models)
    if expected_next is not None:
        found.append((SEQUENCE, opinions(models, expected_next, rows)[1]))
    return found


def _by_tables(evidence: Evidence, models: Models, rows: Rows) -> list[tuple[float, Floats]]:
    """What the tables of the snapshot say; nothing of reels that came after it."""
    snapshot, origin = models.snapshot, models.origin[rows]
    values = evidence.liked_value[:READ]
    history = models.origin[evidence.liked[:READ]]
    slowly, soon = (_shares(values[:read], fade)[:, None] for read, fade in ((READ, FADE), (READ_NEXT, FADE_NEXT)))
    found: list[tuple[float, Floats]] = []
    if "words" in snapshot.groups:
        terms, weights = snapshot.groups["words"]["terms"], snapshot.coded("words", "term_weights")
        found.append((WORDS, word_sums(terms, weights.codes, weights.scales, history, slowly, origin)[:, 0]))
    if "newcomers" in snapshot.groups:
        after, beside = (snapshot.table("newcomers", name) for name in ("after", "beside"))
        found.append((AFTER, neighbour_sums(after, history[:READ_NEXT], soon, origin)[:, 0]))
        found.append((BESIDE, neighbour_sums(beside, history, slowly, origin)[:, 0]))
    return found


def _shares(values: Floats, fade: float) -> Floats:
    """float32[h]: what each liked reel counts, newest first; 1 together."""
    strengths = fades(values, fade)
    return np.asarray(strengths / strengths.sum(), np.float32)
