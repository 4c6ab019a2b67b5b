"""A shallow sequence model: what comes next from fading means of the history, linearly. Fitted with numpy alone.

    vector of a reel     e_i = A c_i + o_i        c: content vector (its text), o: the reel's own part, learnt
    a history            u = sum over fades f of  (mean of e weighted by f^age) M_f
    score of a reel      u . e_i + b_i, an estimate of the log of how likely it is next

trained as the deep one is (`learning.sequence`): softmax over sampled negatives whose scores are corrected by how often
they are sampled (Jean et al. 2015), Adam. Histories of short videos are short, and of few reels attention has little to
choose: without it most of the quality is left, at a fraction of the time and without torch. With one fade and M the
identity it is a bag of reels (word2vec's CBOW, Mikolov et al. 2013) with an order.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from reels.core.types import Floats
from reels.learning.interactions import Histories

MOST_REELS = 200_000
"""The fit holds each reel's vector and two moments of it in float32: half a GB at so many."""


@dataclass(frozen=True, slots=True)
class ShallowConfig:
    """Settings of the fit; tuned on the `tune` split of MicroLens-50k."""

    dim: int = 192
    fades: tuple[float, ...] = (0.3, 0.7, 0.95)
    length: int = 12
    """Newest liked reels that are read."""
    epochs: int = 8
    """0 = no such model."""
    most: int = 3_000_000
    """Moments of histories read in an epoch; of more, so many are drawn anew each time."""
    batch: int = 1024
    """Moments of histories a step."""
    negatives: int = 2048
    sampling_power: float = 0.75
    """Negatives are drawn by count^power."""
    learning_rate: float = 4e-3
    weight_decay: float = 1e-5
    dropout: float = 0.5
    own_dropped: float = 0.1
    """Chance that a reel has to do with its text alone in a step."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ShallowModel:
    """What is fitted, all float32."""

    items: Floats
    """[n, w] vector of each reel; of one that nobody met, its text part."""
    bias: Floats
    """[n]; of reels that nobody met, that of the rarest."""
    text: Floats
    """[c, w] content vector -> text part, for reels that come later."""
    fades: Floats
    """[f] what a reel counts for each one liked after it."""
    matrices: Floats
    """[f, w, w], applied as u @ M."""
    length: Floats
    """[1]: so many of the newest reels are read."""
    unmet: Floats
    """[1]: the bias of reels that nobody met."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The group `shallow` of a snapshot, without the keys of its rows."""
        return {one.name: np.asarray(getattr(self, one.name)) for one in fields(self)}


def fit_shallow(
    histories: Histories, content: Floats, config: ShallowConfig | None = None, *, threads: int = 1
) -> ShallowModel:
    """The model of these histories and content vectors float32[n, c] (zero rows = no text).

    The same input, seed and number of threads give the same model on one machine. Histories without a second reel
    teach nothing: then only the texts' part is there, as it was drawn.
    """
    from reels.learning.shallow_fit import Fit

    config = config or ShallowConfig()
    with threadpool_limits(threads, "blas"):
        fit = Fit(histories, content, config)
        for step in fit.steps():
            fit.learn(*step)
        return _model(fit.own, fit.bias, fit.text, fit.matrices, histories, content, config)


def _model(
    own: Floats,
    bias: Floats,
    text: Floats,
    matrices: Floats,
    histories: Histories,
    content: Floats,
    config: ShallowConfig,
) -> ShallowModel:
    """Reels nobody met are left with their text; their bias is that of those met least."""
    counts = np.bincount(histories.rows, minlength=histories.n)
    met = counts > 0
    rarest = met & (counts == counts[met].min(initial=np.iinfo(np.int64).max))
    unmet = np.float32(bias[rarest].mean()) if rarest.any() else np.float32(0.0)
    return ShallowModel(
        items=np.where(met[:, None], own, np.float32(0)) + content @ text,
        bias=np.where(met, bias, unmet),
        text=text,
        fades=np.array(config.fades, np.float32),
        matrices=matrices,
        length=np.array([config.length], np.float32),
        unmet=np.array([unmet], np.float32),
    )
