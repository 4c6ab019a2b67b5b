"""The project's own sequence model (`learning.sequence`), each reel scored; fitted with torch, asked without."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.evaluation.baselines.watched_next import liked_histories
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context, NotApplicable
from reels.learning.embedders import embedder_of
from reels.learning.embeddings import fit_content_space
from reels.learning.sequence import SequenceConfig, SequenceModel, fit_sequence, has_torch
from reels.recommender.sequence import encoded

CONTENT_DIM = 128


@dataclass(frozen=True, slots=True)
class Expecting:
    """Inner products with what is expected after each viewer's liked reels."""

    model: SequenceModel

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`."""
        model, liked = self.model, viewers.liked()
        wanted = np.zeros((len(viewers.viewers), model.items.shape[1]), np.float32)
        for i in np.flatnonzero(liked.lengths).tolist():
            history = model.items[liked.reels[liked.indptr[i] : liked.indptr[i + 1]]]
            wanted[i] = encoded(model.positions, model.matrices, model.vectors, history)
        return np.asarray(wanted @ model.items.T + model.bias)


class Sequence:
    """SASRec over reels with a text part."""

    name = "sequence"

    def __init__(self, config: SequenceConfig | None = None) -> None:
        self.config = one = config or SequenceConfig()
        self.about = (
            f"{one.towers} SASRec of {one.dim} dimensions, {one.layers} layer, newest {one.length} liked reels, "
            f"{one.epochs} epochs, {one.negatives} sampled negatives; a reel's vector is its own part and its text's"
        )

    def fit(self, train: Log, context: Context) -> Expecting:
        """The model. Raises NotApplicable without torch."""
        if not has_torch():
            raise NotApplicable("torch is not installed: make torch")
        embedder = embedder_of("use", threads=context.threads)
        raw = context.texts.embedded(embedder)
        content = fit_content_space([raw], embedder.dim, CONTENT_DIM).project(raw)
        return Expecting(fit_sequence(liked_histories(train), content, self.config, threads=context.threads))
