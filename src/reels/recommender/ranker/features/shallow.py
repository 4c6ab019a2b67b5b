"""What the shallow sequence model says of a candidate."""

import numpy as np

from reels.core.types import Floats
from reels.recommender.ranker.features.columns import Column, Moment
from reels.recommender.ranker.features.sums import products
from reels.recommender.shallow import GROUP, biases_of, expected, led_to, vectors_of

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
        last = led_to(history[:1], group["fades"], group["matrices"])
        asked = np.concatenate([np.stack([wanted, last]), history / np.maximum(_sizes(history), np.float32(1e-9))])
        found, sizes = products(vectors, np.ascontiguousarray(asked, np.float32)), _sizes(vectors)
        out[:, 0] = found[:, 0] + biases_of(models, moment.rows)
        out[:, 1] = np.exp(out[:, 0] - out[:, 0].max(where=sizes[:, 0] > 0, initial=-np.inf))
        out[:, 2:4] = found[:, :2]
        near = found[:, 2:] / np.maximum(sizes, np.float32(1e-9))
        out[:, 4 : 4 + min(2, len(history))] = near[:, :2]
        out[:, 6] = near.max(axis=1)
        out[sizes[:, 0] == 0] = np.nan


def _sizes(vectors: Floats) -> Floats:
    """float32[n, 1]"""
    return np.asarray(np.sqrt(np.einsum("nw,nw->n", vectors, vectors))[:, None], np.float32)
