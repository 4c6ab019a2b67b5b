"""What the shallow sequence model says of a candidate."""

import numpy as np

from reels.core.types import Floats
from reels.recommender.ranker.features.columns import Column, Moment
from reels.recommender.ranker.features.sums import products
from reels.recommender.shallow import GROUP, expected, led_to, opinions, vectors_of

READ = 6


class Shallow:
    """How likely each candidate is next, and how near it is to single reels of the history in the model's space."""

    columns = (
        Column("shallow", "sequence", "log of how likely it is next by the shallow model, up to a constant"),
        Column("shallow_share", "sequence", "how likely, as a share of the likeliest candidate", relative=True),
        Column("shallow_agreed", "sequence", "the same log without what its popularity adds", relative=True),
        Column("shallow_last", "sequence", "agreement with what the newest liked reel alone leads to", relative=True),
        Column("shallow_near_1", "sequence", "cosine with the newest liked reel in the model's space"),
        Column("shallow_near_2", "sequence", "with the one before"),
        Column("shallow_nearest", "sequence", "largest cosine with a liked reel in the model's space", relative=True),
    )

    def fill(self, moment: Moment, out: Floats) -> None:
        evidence, models = moment.viewer.evidence, moment.models
        wanted = expected(evidence, models)
        if wanted is None or not len(moment.rows):
            return
        group = models.snapshot.groups[GROUP]
        vectors, history = vectors_of(models, moment.rows), vectors_of(models, evidence.liked[:READ])
        known = vectors.any(axis=1)
        out[:, 0] = opinions(models, wanted, moment.rows)
        if np.isfinite(out[:, 0]).any():
            out[:, 1] = np.exp(out[:, 0] - np.nanmax(out[:, 0]))
        last = led_to(history[:1], group["fades"], group["matrices"])
        asked = np.stack([wanted, last])
        out[:, 2:4] = products(vectors, asked)
        unit = _unit(history)
        near = products(_unit(vectors), unit)
        out[:, 4 : 4 + min(2, len(unit))] = near[:, :2]
        out[:, 6] = near.max(axis=1)
        out[~known] = np.nan


def _unit(vectors: Floats) -> Floats:
    sizes = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return np.ascontiguousarray(vectors / np.maximum(sizes, np.float32(1e-9)), np.float32)
