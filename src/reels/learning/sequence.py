"""A sequence model of histories: SASRec (Kang and McAuley 2018), self-attention over what was liked, in order.

    vector of a reel     e_i = A c_i + o_i         c: content vector (its text), o: the reel's own part, learnt
    a history            x_p = e of the p-th reel + position_p
    each layer           x += attention(norm(x)), causal;  x += feed-forward(norm(x)), one hidden layer of 2 d, GELU
    score of a reel      norm(x of the last) . e_i + b_i, an estimate of the log of how likely it is next

`towers` such models, which differ by chance alone, are fitted and their scores averaged: on little data that is worth
more than one of twice the width. Their vectors stand side by side in one table.

The text part gives a reel that nobody has met a vector, too: in training the own part of a reel is left out now and
then (after DropoutNet, Volkovs et al. 2017), so that the text alone has to explain it.

Fitting needs torch (`make torch`) and is in `sequence_fit`. What is fitted is plain arrays, read without torch
(`recommender.sequence`).
"""

from dataclasses import dataclass, fields
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.errors import ModelError
from reels.core.types import Floats
from reels.learning.interactions import Histories

MOST_REELS = 200_000
"""Every step of the fit moves the vectors of all reels: with more it takes hours on a processor."""
HEADS = 2
QUERY, KEY, VALUE, OUTPUT, FIRST, SECOND = 0, 1, 2, 3, 4, 6
"""Places in a layer's matrices; the first of the feed-forward is two side by side, the second one on another."""
SECOND_BIAS, ATTENTION_NORM, FORWARD_NORM, VECTORS = 6, 7, 9, 11
"""Places in a layer's vectors: 0-3 biases of query, key, value, output, 4-5 of the first, then as named; a norm is two
rows, scale and shift."""


@dataclass(frozen=True, slots=True)
class SequenceConfig:
    """Settings of the fit; tuned on the `tune` split of MicroLens-50k."""

    dim: int = 64
    """Of each tower."""
    towers: int = 2
    layers: int = 1
    length: int = 24
    """Newest liked reels that are read; longer histories teach in pieces of so many."""
    epochs: int = 7
    places: int = 820
    """Places of histories a step, padding included."""
    negatives: int = 4096
    sampling_power: float = 0.75
    """Negatives are drawn by (count + 1)^power."""
    learning_rate: float = 1e-2
    """2e-3, as usual, leaves seldom met reels unlearnt for many epochs."""
    own_rate: float = 2.0
    """Learning rate of the reels' own parts relative to it."""
    weight_decay: float = 0.01
    dropout: float = 0.3
    own_dropped: float = 0.1
    """Chance that a reel has to do with its text alone in a step."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SequenceModel:
    """What is fitted, all float32; T towers of w = d / T columns and L layers. Matrices are applied as x @ W."""

    items: Floats
    """[n, d] vector of each reel; of one that nobody met, its text part."""
    bias: Floats
    """[n]; of reels that nobody met, that of the rarest."""
    text: Floats
    """[c, d] content vector -> text part, for reels that come later."""
    positions: Floats
    """[T, length, w], the oldest reel of a history first."""
    matrices: Floats
    """[T, L, 8, w, w]"""
    vectors: Floats
    """[T, L + 1, 11, w]; of the last block only the norm before attention is used: it is the last norm of all."""
    unmet: Floats
    """[1]: the bias of reels that nobody met."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The group `sequence` of a snapshot, without the keys of its rows."""
        return {one.name: np.asarray(getattr(self, one.name)) for one in fields(self)}


def has_torch() -> bool:
    """Whether `fit_sequence` can run here."""
    return find_spec("torch") is not None


def fit_sequence(
    histories: Histories, content: Floats, config: SequenceConfig | None = None, *, threads: int = 1
) -> SequenceModel:
    """The model of these histories and content vectors float32[n, c] (zero rows = no text). ModelError without torch.

    The same input, seed and number of threads give the same model on one machine.
    """
    if not has_torch():
        raise ModelError("the sequence model is fitted with torch: run `make torch`, or leave the job out")
    from reels.learning.sequence_fit import fit  # torch takes a second and 200 MB: only who fits pays for it

    return fit(histories, content, config or SequenceConfig(), threads)
