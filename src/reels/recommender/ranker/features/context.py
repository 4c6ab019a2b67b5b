"""The reel itself, and how it goes with the viewer: age, length, creator, topic, language, region, time."""

import numpy as np

from reels.core.types import Floats, Rows
from reels.recommender.ranker.features.columns import Column, Moment

_DAY = 86_400.0
READ = 60
FADE = np.float32(0.95)


class Reel:
    """What is known of the reel without anybody watching it."""

    columns = (
        Column("exploration", "exploration", "the exploration part of the formula"),
        Column("age", "exploration", "log(1 + days since publication)"),
        Column("stage", "context", "where it stands in the order in which viewers meet reels, 0..1"),
        Column("stage_gap", "context", "its stage less that of the newest liked reel"),
        Column("stage_distance", "context", "the same without its sign"),
        Column("duration", "context", "log of its seconds"),
        Column("duration_gap", "context", "that, less its mean over the liked reels"),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        models, rows, evidence = moment.models, moment.rows, moment.viewer.evidence
        out[:, 0] = moment.parts["exploration"]
        out[:, 1] = np.log1p(np.maximum(moment.query.now - models.published[rows], 0.0) / _DAY)
        out[:, 5] = np.log(np.maximum(models.durations[rows], np.float32(0.1)))
        liked = evidence.liked[:READ]
        durations = models.durations[liked]
        durations = durations[durations > 0]
        if len(durations):
            out[:, 6] = out[:, 5] - np.log(durations).mean()
        group = models.snapshot.groups.get("recent")
        if group is None:
            return
        known = moment.origin >= 0
        out[known, 2] = group["stage"].take(moment.origin[known])
        newest = models.origin[liked[:1]]
        if len(newest) and newest[0] >= 0:
            out[:, 3] = out[:, 2] - group["stage"][newest[0]]
            out[:, 4] = np.abs(out[:, 3])


class Affinity:
    """What the viewer did with the same creator and topic, and whether language and region are theirs."""

    columns = (
        Column("creator", "content", "value of what the viewer did with the creator's reels, summed"),
        Column("following", "content", "1 = the viewer follows the creator"),
        Column("topic", "content", "share of the topic in what was liked, fading by .95 a reel"),
        Column("topic_disliked", "content", "share of the topic in what was skipped or not wanted"),
        Column("language", "context", "1 = the viewer's language, 0 = another"),
        Column("region", "context", "1 = the viewer's region, 0 = another"),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        models, rows, viewer = moment.models, moment.rows, moment.viewer
        evidence, manifest = viewer.evidence, models.snapshot.manifest
        liked, disliked = evidence.liked[:READ], evidence.disliked[:READ]
        if len(liked) or len(disliked):
            known = np.concatenate([models.creators[liked], models.creators[disliked]])
            values = np.concatenate([evidence.liked_value[:READ], -evidence.disliked_value[:READ]])
            out[:, 0] = _summed(known, values, models.creators[rows])
        out[:, 1] = np.isin(models.creators[rows], viewer.state.following)
        for place, past in ((2, liked), (3, disliked)):
            weights = FADE ** np.arange(len(past), dtype=np.float32)
            if len(past):
                topics = models.topics[past].astype(np.int64)
                out[:, place] = _summed(topics, weights, models.topics[rows].astype(np.int64)) / weights.sum()
        if viewer.state.language in manifest.languages:
            out[:, 4] = models.languages[rows] == manifest.languages.index(viewer.state.language)
        if viewer.state.region in manifest.regions:
            out[:, 5] = models.regions[rows] == manifest.regions.index(viewer.state.region)


class Time:
    """How much is known of the viewer: the same for all candidates, for what depends on it."""

    columns = (
        Column("liked_reels", "context", "log(1 + liked reels in the history)"),
        Column("disliked_reels", "context", "log(1 + skipped or not wanted ones)"),
        Column("away", "context", "log(1 + hours since the newest event)"),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        evidence, state = moment.viewer.evidence, moment.viewer.state
        out[:, 0] = np.log1p(len(evidence.liked))
        out[:, 1] = np.log1p(len(evidence.disliked))
        if len(state.history_at):
            out[:, 2] = np.log1p(max(moment.query.now - float(state.history_at.max()), 0.0) / 3600.0)


def _summed(known: np.ndarray, values: Floats, asked: np.ndarray) -> Floats:
    """float32[n]: sum of the values of those of `known` that are equal to each of `asked`."""
    names, inverse = np.unique(known, return_inverse=True)
    totals = np.bincount(inverse, values).astype(np.float32)
    at: Rows = np.minimum(np.searchsorted(names, asked), len(names) - 1)
    return np.where(names[at] == asked, totals[at], np.float32(0)).astype(np.float32)
