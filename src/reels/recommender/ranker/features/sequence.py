"""What the sequence model says of a candidate."""

import numpy as np

from reels.core.types import Floats
from reels.recommender.ranker.features.columns import Column, Moment
from reels.recommender.sequence import expected, opinions


class Sequence:
    """How likely each candidate is next, and the same without what its popularity adds."""

    columns = (
        Column("sequence", "sequence", "log of how likely it is next, up to a constant"),
        Column("sequence_share", "sequence", "how likely, as a share of the likeliest candidate", relative=True),
        Column("sequence_cosine", "sequence", "cosine with what is expected next", relative=True),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        wanted = expected(moment.viewer.evidence, moment.models)
        if wanted is None or not len(moment.rows):
            return
        out[:, 0], out[:, 2] = opinions(moment.models, wanted, moment.rows)
        if np.isfinite(out[:, 0]).any():
            out[:, 1] = np.exp(out[:, 0] - np.nanmax(out[:, 0]))
