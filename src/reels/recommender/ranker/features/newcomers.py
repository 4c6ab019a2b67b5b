"""What a new reel owes to known ones like it."""

import numpy as np

from reels.core.types import Floats
from reels.recommender.ranker.features.columns import Column, Moment
from reels.recommender.ranker.features.content import fades
from reels.recommender.ranker.features.sums import neighbour_sums

READ = 12


class Newcomers:
    """Co-watching handed on to new reels by their content neighbours (`learning.newcomers`)."""

    columns = (Column("newcomer_after", "content", "of a new reel: its like is watched after the last reels"),)

    def fill(self, moment: Moment, out: Floats) -> None:
        evidence, models = moment.viewer.evidence, moment.models
        if "newcomers" not in models.snapshot.groups or not len(evidence.liked):
            return
        history, values = models.origin[evidence.liked[:READ]], evidence.liked_value[:READ]
        strengths = np.ascontiguousarray(fades(values, 0.65)[:, None])
        out[:] = neighbour_sums(models.snapshot.table("newcomers", "after"), history, strengths, moment.origin)
        out[moment.origin < 0] = np.nan
