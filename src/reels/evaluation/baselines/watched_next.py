"""Watched next: the project's own directional table (`learning.cf_matrix`), read with a fast-fading history."""

import numpy as np
from scipy import sparse

from reels.evaluation.baselines.item_knn import OverNeighbours
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context
from reels.learning.cf_matrix import DirectionalConfig, directional
from reels.learning.interactions import Histories

NEIGHBOURS = 200
FADE = 0.5


class WatchedNext:
    """What is liked within the next ten, nearer ones counting more."""

    name = "watched next"
    about = (
        f"directional co-watching, window {DirectionalConfig().window}, weight distance^-{DirectionalConfig().decay}, "
        f"{NEIGHBOURS} neighbours, history fading by {FADE}"
    )

    def fit(self, train: Log, context: Context) -> OverNeighbours:
        """The table."""
        table = directional(liked_histories(train), NEIGHBOURS, threads=context.threads)
        matrix = sparse.csr_matrix((table.weights, table.indices, table.indptr), shape=(train.n, train.n))
        return OverNeighbours(matrix, FADE)


def liked_histories(train: Log) -> Histories:
    """Positive exposures as the input of the collaborative fits, each weighing 1."""
    liked = train.liked()
    return Histories(liked.indptr, liked.reels, np.ones(len(liked), np.float32), liked.at, liked.n)
