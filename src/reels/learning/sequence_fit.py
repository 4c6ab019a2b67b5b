"""Fits the sequence model with torch: a softmax over the next reel and sampled others.

The logits of sampled softmax are corrected by the log of how often each reel is sampled (Bengio and Senecal 2008), so
that what is learnt does not depend on how negatives are drawn.
"""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (everybody's name for it)
from numpy.typing import NDArray

from reels.core.types import Floats
from reels.learning.interactions import Histories
from reels.learning.sequence import (
    ATTENTION_NORM,
    FIRST,
    FORWARD_NORM,
    HEADS,
    OUTPUT,
    SECOND,
    SECOND_BIAS,
    VALUE,
    VECTORS,
    SequenceConfig,
    SequenceModel,
)

WARM_UP = 200
"""Steps until the learning rate is full; from there it falls in a line to `FINAL`."""
FINAL = 0.03
Ints = NDArray[np.int64]
Weights = dict[str, torch.Tensor]


def fit(histories: Histories, content: Floats, config: SequenceConfig, threads: int) -> SequenceModel:
    """As `sequence.fit_sequence`."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return _fit(histories, content, config)
    finally:
        torch.set_num_threads(before)


def _fit(histories: Histories, content: Floats, config: SequenceConfig) -> SequenceModel:
    rng = np.random.default_rng(config.seed)
    chance = torch.Generator().manual_seed(config.seed)
    counts = np.bincount(histories.rows, minlength=histories.n)
    pieces = _pieces(histories, config.length + 1)
    weights = _first_weights(histories.n, content.shape[1], config, chance)
    if len(pieces):
        text = torch.from_numpy(np.ascontiguousarray(content))
        sampling = torch.from_numpy((counts + 1.0) ** config.sampling_power * (counts > 0)).float()
        sampling /= sampling.sum()
        optimizer = torch.optim.AdamW(weights.values(), lr=config.learning_rate, weight_decay=config.weight_decay)
        steps = config.epochs * -(-len(pieces) // config.batch)
        for step, batch in enumerate(_batches(pieces, histories.rows, config, rng)):
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * min(1.0, (step + 1) / WARM_UP) * max(FINAL, 1.0 - step / steps)
            optimizer.zero_grad(set_to_none=True)
            _loss(weights, text, sampling, batch, config, chance).backward()
            optimizer.step()
    return _model(weights, content, counts)


def _first_weights(n: int, wide: int, config: SequenceConfig, chance: torch.Generator) -> Weights:
    d, layers = config.dim, config.layers

    def normal(*shape: int, scale: float) -> torch.Tensor:
        return torch.empty(*shape).normal_(0.0, scale, generator=chance).requires_grad_()

    vectors = torch.zeros(layers + 1, VECTORS, d)
    vectors[:, [ATTENTION_NORM, FORWARD_NORM]] = 1.0
    return {
        "own": normal(n, d, scale=0.05),
        "text": normal(wide, d, scale=0.1),
        "bias": torch.zeros(n).requires_grad_(),
        "positions": normal(config.length, d, scale=0.02),
        "matrices": normal(layers, 8, d, d, scale=d**-0.5),
        "vectors": vectors.requires_grad_(),
    }


def _pieces(histories: Histories, longest: int) -> Ints:
    """int64[s, 2]: first and last place of runs of at most `longest` reels, at least two; each overlaps the one before
    by one, so that every reel but the first of a viewer is asked for once."""
    runs = [
        (max(stop - longest, start), stop)
        for start, end in zip(histories.indptr[:-1].tolist(), histories.indptr[1:].tolist(), strict=True)
        for stop in range(end, start + 1, 1 - longest)
    ]
    return np.array(runs, np.int64).reshape(-1, 2)


def _batches(
    pieces: Ints, rows: NDArray[np.int32], config: SequenceConfig, rng: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Every piece once an epoch: reels int64[b, t], -1 behind the end, and what came next, likewise."""
    padded = np.append(rows.astype(np.int64), -1)
    for _ in range(config.epochs):
        order = rng.permutation(len(pieces))
        for at in range(0, len(order), config.batch):
            chosen = pieces[order[at : at + config.batch]]
            t = int((chosen[:, 1] - chosen[:, 0]).max())
            places = chosen[:, :1] + np.arange(t)
            whole = torch.from_numpy(padded[np.where(places < chosen[:, 1:], places, -1)])
            yield torch.where(whole[:, 1:] >= 0, whole[:, :-1], -1), whole[:, 1:]


def _loss(
    weights: Weights,
    text: torch.Tensor,
    sampling: torch.Tensor,
    batch: tuple[torch.Tensor, torch.Tensor],
    config: SequenceConfig,
    chance: torch.Generator,
) -> torch.Tensor:
    before, after = batch
    asked = after >= 0
    others = torch.multinomial(sampling, config.negatives, replacement=True, generator=chance)
    rows, place = torch.unique(torch.cat([before.clamp(min=0).flatten(), after[asked], others]), return_inverse=True)
    own = weights["own"].index_select(0, rows)
    own = own * (torch.rand(len(rows), 1, generator=chance) >= config.own_dropped)
    table = own + text.index_select(0, rows) @ weights["text"]
    bias = weights["bias"].index_select(0, rows) - torch.log(sampling.index_select(0, rows) * config.negatives + 1e-30)
    inputs, targets, negatives = place.split([before.numel(), int(asked.sum()), config.negatives])
    x = table[inputs].reshape(*before.shape, config.dim)
    found = encoded(weights, x, config.dropout, chance)[asked]
    right = (found * table[targets]).sum(1) + bias[targets]
    wrong = found @ table[negatives].T + bias[negatives]
    wrong = wrong.masked_fill(negatives[None] == targets[:, None], -1e4)
    logits = torch.cat([right[:, None], wrong], 1)
    return F.cross_entropy(logits, torch.zeros(len(targets), dtype=torch.long), label_smoothing=config.label_smoothing)


def encoded(
    weights: Weights, x: torch.Tensor, dropout: float = 0.0, chance: torch.Generator | None = None
) -> torch.Tensor:
    """float32[b, t, d]: what each place of the histories x float32[b, t, d] (vectors of reels) expects next."""

    def dropped(values: torch.Tensor) -> torch.Tensor:
        if not dropout:
            return values
        return values * (torch.rand(values.shape, generator=chance) >= dropout) / (1.0 - dropout)

    b, t, d = x.shape
    x = dropped(x + weights["positions"][:t])
    for m, v in zip(weights["matrices"], weights["vectors"], strict=False):  # the last block of vectors is the norm's
        y = _norm(x, v, ATTENTION_NORM)
        query, key, value = (
            (y @ m[i] + v[i]).reshape(b, t, HEADS, d // HEADS).transpose(1, 2) for i in range(VALUE + 1)
        )
        y = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + dropped(y.transpose(1, 2).reshape(b, t, d) @ m[OUTPUT] + v[OUTPUT])
        y = _norm(x, v, FORWARD_NORM)
        hidden = F.gelu(torch.cat([y @ m[FIRST + i] + v[FIRST + i] for i in (0, 1)], -1))
        x = x + dropped(dropped(hidden) @ m[SECOND:].flatten(0, 1) + v[SECOND_BIAS])
    return _norm(x, weights["vectors"][-1], ATTENTION_NORM)


def _norm(x: torch.Tensor, vectors: torch.Tensor, place: int) -> torch.Tensor:
    return F.layer_norm(x, x.shape[-1:], vectors[place], vectors[place + 1])


def _model(weights: Weights, content: Floats, counts: Ints) -> SequenceModel:
    fitted = {name: np.ascontiguousarray(one.detach().numpy(), np.float32) for name, one in weights.items()}
    met = counts > 0
    rarest = counts[met].min(initial=1) if met.any() else 1
    unknown = fitted["bias"][counts == rarest].mean() if (counts == rarest).any() else 0.0
    return SequenceModel(
        items=(np.where(met[:, None], fitted["own"], 0.0) + content @ fitted["text"]).astype(np.float32),
        bias=np.where(met, fitted["bias"], unknown).astype(np.float32),
        unmet=np.array([unknown], np.float32),
        **{name: fitted[name] for name in ("text", "positions", "matrices", "vectors")},
    )
