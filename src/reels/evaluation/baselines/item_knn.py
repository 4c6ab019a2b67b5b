"""Item-kNN: reels liked by those who liked the viewer's reels (Sarwar et al. 2001), as `implicit` has it."""

import warnings
from dataclasses import dataclass

import numpy as np
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, ItemItemRecommender
from implicit.utils import ParameterWarning
from numpy.typing import NDArray
from scipy import sparse

from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context

NEIGHBOURS = 200
FADE = 0.8
K1, B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class OverNeighbours:
    """Sum over the liked reels of fade^age * similarity."""

    similarity: sparse.csr_matrix
    """float[n, n]: row = liked reel, column = what that speaks for."""
    fade: float

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`."""
        return np.asarray((viewers.liked().matrix(self.fade) @ self.similarity).toarray(), np.float32)


class Cosine:
    """Cosine over viewers."""

    name = "item-kNN, cosine"
    about = f"implicit CosineRecommender, {NEIGHBOURS} neighbours, history fading by {FADE}"

    def fit(self, train: Log, context: Context) -> OverNeighbours:
        """The similarity matrix."""
        return fit_neighbours(CosineRecommender(K=NEIGHBOURS + 1, num_threads=context.threads), train)


class Bm25:
    """BM25-weighted co-occurrence."""

    name = "item-kNN, BM25"
    about = f"implicit BM25Recommender (k1 {K1}, b {B}), {NEIGHBOURS} neighbours, history fading by {FADE}"

    def fit(self, train: Log, context: Context) -> OverNeighbours:
        """The similarity matrix."""
        return fit_neighbours(BM25Recommender(K=NEIGHBOURS + 1, K1=K1, B=B, num_threads=context.threads), train)


def fit_neighbours(model: ItemItemRecommender, train: Log) -> OverNeighbours:
    """A reel is no neighbour of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ParameterWarning)  # implicit's own weighting gives itself a COO matrix
        model.fit(train.liked().matrix(), show_progress=False)
    similarity = sparse.csr_matrix(model.similarity, dtype=np.float32)
    similarity.setdiag(0)
    similarity.eliminate_zeros()
    return OverNeighbours(similarity, FADE)
