"""Content: reels whose words, or whose sentence vectors, are like those of what the viewer liked lately."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from reels.core.types import Floats, Mask
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context, NotApplicable
from reels.learning.embedders import embedder_of

TFIDF_FADE = 0.65
USE_FADE = 0.65
"""A liked reel counts this much of the next newer one."""


@dataclass(frozen=True, slots=True)
class LikeWhatWasLiked:
    """Sum over the liked reels of fade^age * cosine, in one space; either sparse or dense unit rows."""

    content: sparse.csr_matrix | Floats
    fade: float

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`."""
        profile = viewers.liked().matrix(self.fade) @ self.content
        out = profile @ self.content.T
        return np.asarray(out.toarray() if sparse.issparse(out) else out)


class TfIdf:
    """Words, pairs of words, tags and creators."""

    name = "content, TF-IDF"
    about = f"TF-IDF of words, word pairs, tags and creators; cosine to the liked reels, fading by {TFIDF_FADE}"

    def fit(self, train: Log, context: Context) -> LikeWhatWasLiked:
        """Nothing to learn: the catalogue is there. Raises NotApplicable without any words."""
        if not context.texts.tfidf.nnz:
            raise NotApplicable("no two reels share a word, tag or creator")
        return LikeWhatWasLiked(context.texts.tfidf, TFIDF_FADE)


class Use:
    """Multilingual Universal Sentence Encoder."""

    name = "content, USE"
    about = f"multilingual USE v3, 512-d, centred; cosine to the liked reels, fading by {USE_FADE}"

    def fit(self, train: Log, context: Context) -> LikeWhatWasLiked:
        """Embeds the catalogue, or reads what was embedded before. Raises NotApplicable without titles."""
        if not context.texts.has_titles:
            raise NotApplicable("the reels have no titles")
        return LikeWhatWasLiked(centred(context.texts.embedded(embedder_of("use", threads=context.threads))), USE_FADE)


def centred(raw: Floats) -> Floats:
    """Unit rows around the mean of all texts; rows without text stay zero."""
    known: Mask = np.asarray(raw.any(axis=1))
    moved = np.where(known[:, None], raw - raw[known].mean(axis=0), np.float32(0))
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), np.float32)
