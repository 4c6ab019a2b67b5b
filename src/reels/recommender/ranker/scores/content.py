"""The content part: how near a reel is to what the viewer likes, and how far from what was turned down."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.models import Models
from reels.recommender.ranker.loops import unknown_without
from reels.recommender.stages import Viewer
from reels.recommender.tastes import likeness, tastes_of

PUSH = 0.5
"""Strength of a disliked reel against a liked one."""
NEUTRAL = 0.5
"""What everything has while nothing is liked but something disliked."""


class Content:
    """max over interests of weight * cosine, minus PUSH times max over disliked reels of strength * cosine, at least 0.

    The maximum over interests, not the mean: a reel need please one interest only. A reel without a content vector
    gets no opinion; so does everything while the viewer is cold.
    """

    name = "content"

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        tastes = tastes_of(viewer.evidence, models)
        if not len(tastes.vectors) and not len(tastes.disliked):
            return np.full(len(rows), np.nan, np.float32)
        vectors = np.ascontiguousarray(models.content(rows))
        pull = np.full(len(rows), np.float32(NEUTRAL))
        if len(tastes.vectors):
            pull = likeness(vectors, tastes.vectors, tastes.weights)
        if len(tastes.disliked):
            pull = np.maximum(pull - np.float32(PUSH) * likeness(vectors, tastes.disliked, tastes.disliked_value), 0)
        unknown_without(pull, vectors)
        return pull
