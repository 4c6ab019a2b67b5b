"""How like the viewer's reels a candidate is: by its sentence vector, and by its words."""

import numpy as np

from reels.core.types import Floats
from reels.recommender.ranker.features.columns import Column, Moment
from reels.recommender.ranker.features.sums import products, word_sums

READ = 30
"""Newest liked reels that are read."""
FADES = (0.5, 0.85)
LAST = 3


def fades(values: Floats, fade: float) -> Floats:
    """float32[h]: value of each liked reel, newest first, fading."""
    return np.asarray(values * np.float32(fade) ** np.arange(len(values), dtype=np.float32), np.float32)


class Likeness:
    """Cosines with the last reels, with fading means of all, and with what was turned down."""

    columns = (
        Column("content", "content", "the content part of the formula", relative=True),
        Column("like_last_1", "content", "cosine with the newest liked reel"),
        Column("like_last_2", "content", "with the one before"),
        Column("like_last_3", "content", "with the one before that"),
        Column("like_recent", "content", "with the mean of the liked reels, each newer one counting twice as much"),
        Column("like_all", "content", "with their mean, fading by .85 a reel", relative=True),
        Column("like_disliked", "content", "largest cosine with a reel skipped or not wanted"),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        evidence, models = moment.viewer.evidence, moment.models
        out[:, 0] = moment.parts["content"]
        vectors = np.ascontiguousarray(models.content(moment.rows))
        liked = np.ascontiguousarray(models.content(evidence.liked[:READ]))
        if len(liked):
            values = evidence.liked_value[:READ]
            means = np.stack([fades(values, fade) @ liked for fade in FADES]).astype(np.float32)
            norms = np.maximum(np.sqrt((means**2).sum(axis=1, keepdims=True)), np.float32(1e-9))
            asked = np.concatenate([liked[:LAST], means / norms])
            near = products(vectors, np.ascontiguousarray(asked, np.float32))
            last = len(asked) - len(FADES)
            out[:, 1 : 1 + last] = near[:, :last]
            out[:, 1 + LAST : 1 + LAST + len(FADES)] = near[:, last:]
        if len(evidence.disliked):
            disliked = np.ascontiguousarray(models.content(evidence.disliked[:READ]))
            out[:, 6] = products(vectors, disliked).max(axis=1)
        out[~vectors.any(axis=1)] = np.nan


class Words:
    """Shared words, tags and creators: inner products of TF-IDF rows."""

    columns = (
        Column("words_last_1", "content", "with the newest liked reel"),
        Column("words_recent", "content", "sum over the liked reels, halved each reel back", relative=True),
        Column("words_all", "content", "sum, fading by .9 a reel", relative=True),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        snapshot, evidence = moment.models.snapshot, moment.viewer.evidence
        if "words" not in snapshot.groups or not len(evidence.liked):
            return
        terms, weights = snapshot.groups["words"]["terms"], snapshot.coded("words", "term_weights")
        values = evidence.liked_value[:READ]
        strengths = np.stack([fades(values, 0.0), fades(values, 0.5), fades(values, 0.9)], axis=1)
        history = moment.models.origin[evidence.liked[:READ]]
        out[:] = word_sums(terms, weights.codes, weights.scales, history, strengths, moment.origin)
        out[moment.origin < 0] = np.nan
