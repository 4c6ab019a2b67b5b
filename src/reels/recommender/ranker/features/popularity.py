"""How much a reel is liked by everybody: ever, lately, and where the viewer is."""

import numpy as np

from reels.core.types import Floats
from reels.learning.recency import HALF_LIVES_DAYS
from reels.recommender.ranker.features.columns import Column, Moment


class Popularity:
    """The popularity part, trending now, impressions."""

    columns = (
        Column("popularity", "popularity", "the popularity part of the formula: overall, region and language"),
        Column("popularity_overall", "popularity", "popularity of the snapshot"),
        Column("impressions", "popularity", "log(1 + times shown)"),
        Column("creator_impressions", "popularity", "log(1 + times shown) of the creator's reels"),
        Column("trending", "popularity", "how far above its usual rate it is watched now, 0..1"),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        models, rows = moment.models, moment.rows
        out[:, 0] = moment.parts["popularity"]
        out[:, 1] = models.popularity[rows]
        out[:, 2] = np.log1p(models.impressions[rows])
        out[:, 3] = np.log1p(models.creator_impressions[rows])
        out[:, 4] = models.trending[rows]


class Recent:
    """Likes fading with several half-lives, on a log scale, and how the newest compare with all."""

    columns = (
        *(
            Column(f"recent_{i}", "popularity", f"log(1 + likes, halved every {days:g} days)", relative=days < 100)
            for i, days in enumerate(HALF_LIVES_DAYS)
        ),
        Column("rising", "popularity", "recent_1 less the last: is it liked now, or was it once"),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        group = moment.models.snapshot.groups.get("recent")
        if group is None:
            return
        known = moment.origin >= 0
        counts = np.log1p(group["counts"].take(moment.origin[known], axis=1)).T
        out[known, : counts.shape[1]] = counts
        out[known, counts.shape[1]] = counts[:, 1] - counts[:, -1]
