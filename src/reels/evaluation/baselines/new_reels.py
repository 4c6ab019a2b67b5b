"""Reels nobody has taken to yet by what they promise each viewer (`recommender.newcomers`); no opinion of others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.policy import Policy
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context
from reels.evaluation.snapshots import SnapshotConfig, snapshot_of, states_of
from reels.learning.snapshot import Snapshot
from reels.recommender.models import build
from reels.recommender.newcomers import promises, untried
from reels.recommender.viewer import viewer_of


@dataclass(frozen=True, slots=True)
class Promising:
    """Every untried reel of the snapshot, scored as the source of candidates and the learned ranker do."""

    snapshot: Snapshot
    context: Context

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`; NaN of reels that somebody has taken to."""
        models = build(self.snapshot)
        rows = np.arange(models.n, dtype=np.int32)
        new = rows[untried(models, Policy(), rows)]
        out = np.full((len(viewers.viewers), models.n), np.nan, np.float32)
        for i, state in enumerate(states_of(viewers, self.context)):
            out[i, new] = promises(viewer_of(state, models).evidence, models, new)
        return out


class NewReels:
    """What new reels promise, alone."""

    name = "new reels"
    about = (
        "what reels that nobody took to promise: words, content, co-watching handed on, factors and sequence by text"
    )

    def __init__(self, config: SnapshotConfig | None = None) -> None:
        self.config = config or SnapshotConfig(ease_neighbours=0, shallow_epochs=0)

    def fit(self, train: Log, context: Context) -> Promising:
        """The offline jobs that it reads."""
        return Promising(snapshot_of(train, context, self.config), context)
