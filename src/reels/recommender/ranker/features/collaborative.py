"""What other viewers' histories say: watched next, also watched, factors, EASE."""

import numpy as np

from reels.core.types import Floats
from reels.recommender.fold_in import inner, viewer_factors
from reels.recommender.ranker.features.columns import Column, Moment
from reels.recommender.ranker.features.content import fades
from reels.recommender.ranker.features.sums import neighbour_sums, two_steps

READ = 50
TWO_STEPS_READ = 4
TWO_STEPS_FADE = 0.5


class WatchedNext:
    """The directional table: from the last three reels one by one, and from all with two fadings; and two steps on."""

    columns = (
        Column("next_last_1", "cf", "watched after the newest liked reel"),
        Column("next_last_2", "cf", "after the one before"),
        Column("next_last_3", "cf", "after the one before that"),
        Column("next_recent", "cf", "sum, halved each reel back", relative=True),
        Column("next_all", "cf", "sum, fading by .85 a reel", relative=True),
        Column("next_two_steps", "cf", "watched after what is watched after the last reels", relative=True),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        evidence, models = moment.viewer.evidence, moment.models
        if not len(evidence.liked) or not models.base:
            return
        history, values = models.origin[evidence.liked[:READ]], evidence.liked_value[:READ]
        strengths = np.zeros((len(history), 5), np.float32)
        for back in range(min(3, len(history))):
            strengths[back, back] = values[back]
        strengths[:, 3], strengths[:, 4] = fades(values, 0.5), fades(values, 0.85)
        out[:, :5] = neighbour_sums(models.snapshot.next, history, strengths, moment.origin)
        few = history[:TWO_STEPS_READ]
        out[:, 5] = two_steps(models.snapshot.next, few, fades(values[: len(few)], TWO_STEPS_FADE), moment.origin)
        out[:, min(3, len(history)) : 3] = np.nan
        out[moment.origin < 0] = np.nan


class AlsoWatched:
    """The symmetric table, for and against."""

    columns = (
        Column("also_last_1", "cf", "watched by viewers of the newest liked reel"),
        Column("also_last_2", "cf", "of the one before"),
        Column("also_all", "cf", "sum, fading by .85 a reel", relative=True),
        Column("also_even", "cf", "sum, all alike", relative=True),
        Column("also_disliked", "cf", "sum over what was skipped or not wanted, by the square of how strongly"),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        evidence, models = moment.viewer.evidence, moment.models
        if not models.base:
            return
        if len(evidence.liked):
            history, values = models.origin[evidence.liked[:READ]], evidence.liked_value[:READ]
            strengths = np.stack([np.zeros_like(values), np.zeros_like(values), fades(values, 0.85), values], axis=1)
            for back in range(min(2, len(history))):
                strengths[back, back] = values[back]
            out[:, :4] = neighbour_sums(models.snapshot.cf, history, strengths, moment.origin)
            out[:, min(2, len(history)) : 2] = np.nan
        if len(evidence.disliked):
            disliked = models.origin[evidence.disliked[:READ]]
            against = fades(evidence.disliked_value[:READ] ** 2, 0.85)[:, None]
            out[:, 4] = neighbour_sums(models.snapshot.cf, disliked, against, moment.origin)[:, 0]
        out[moment.origin < 0] = np.nan


class Factors:
    """The matrix factorization, the viewer folded in, and the cf part of the formula."""

    columns = (
        Column("factors", "cf", "inner product with the viewer", relative=True),
        Column("factors_cosine", "cf", "its cosine: without what popularity adds"),
        Column("cf", "cf", "the cf part of the formula"),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        models = moment.models
        out[:, 2] = moment.parts["cf"]
        viewer = viewer_factors(moment.viewer.evidence, models)
        if not viewer.any():
            return
        factors = models.snapshot.factors.take(np.maximum(moment.origin, 0))
        agreed, size = inner(factors, viewer), np.sqrt((factors**2).sum(axis=1))
        known = (moment.origin >= 0) & (size > 0)
        out[known, 0] = agreed[known]
        out[known, 1] = agreed[known] / (size[known] * np.float32(np.sqrt((viewer**2).sum())))


class Ease:
    """The linear item-item model."""

    columns = (
        Column("ease", "cf", "sum over the liked reels, all alike", relative=True),
        Column("ease_recent", "cf", "sum, fading by .85 a reel", relative=True),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        evidence, models = moment.viewer.evidence, moment.models
        if "ease" not in models.snapshot.groups or not len(evidence.liked):
            return
        history, values = models.origin[evidence.liked[:READ]], evidence.liked_value[:READ]
        strengths = np.stack([np.ones_like(values), fades(np.ones_like(values), 0.85)], axis=1)
        out[:] = neighbour_sums(models.snapshot.table("ease", "ease"), history, strengths, moment.origin)
        out[moment.origin < 0] = np.nan
