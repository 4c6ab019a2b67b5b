"""Fits the sequence model with torch: a softmax over the next reel and sampled others.

The sampled reels S are the same for a whole step; reel i is among them with probability pi_i, and a logit is less its
log, so that what is learnt does not depend on how they are drawn (Bengio and Senecal 2008):

    z_i = h . e_i + b_i - log pi_i        loss = log sum over S and the next reel of exp z - z_next
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

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

WARM_UP = 0.15
"""Share of the steps until the learning rate is full; all the while it falls in a line to `FINAL`."""
FINAL = 0.03
MIXED = 24
"""Steps' worth of histories that are sorted by length together."""
BLOCK = 96
"""Places whose logits are worked on at a time."""
Ints = NDArray[np.int64]
Weights = dict[str, torch.Tensor]


def fit(histories: Histories, content: Floats, config: SequenceConfig, threads: int) -> SequenceModel:
    """As `sequence.fit_sequence`."""
    before, at_once = torch.get_num_threads(), max(1, min(threads, config.towers))
    torch.set_num_threads(max(1, threads // at_once))
    try:
        with ThreadPoolExecutor(at_once) as pool:
            seeds = [config.towers * config.seed + tower for tower in range(config.towers)]
            towers = list(pool.map(lambda seed: _tower(histories, content, config, seed), seeds))
    finally:
        torch.set_num_threads(before)
    return _model(towers, content, np.bincount(histories.rows, minlength=histories.n))


def _tower(histories: Histories, content: Floats, config: SequenceConfig, seed: int) -> Weights:
    rng = np.random.default_rng(seed)
    chance = torch.Generator().manual_seed(seed)
    counts = np.bincount(histories.rows, minlength=histories.n)
    pieces = _pieces(histories, config.length + 1)
    weights = _first_weights(histories.n, content.shape[1], config, chance)
    if len(pieces):
        text, inclusion = torch.from_numpy(np.ascontiguousarray(content)), _inclusion(counts, config)
        rows = np.append(histories.rows.astype(np.int64), -1)
        optimizer = torch.optim.AdamW(_groups(weights, config), weight_decay=config.weight_decay, fused=True)
        rates = [group["lr"] for group in optimizer.param_groups]
        for epoch in range(config.epochs):
            batches = _batches(pieces, config.places, rng)
            for step, batch in enumerate(batches):
                for group, rate in zip(optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate * _pace(epoch, step, len(batches), config.epochs)
                optimizer.zero_grad(set_to_none=True)
                _loss(weights, text, inclusion, _asked(batch, rows), config, chance).backward()
                optimizer.step()
    return weights


def _groups(weights: Weights, config: SequenceConfig) -> list[dict[str, Any]]:
    """What learns at which rate: a reel's own part is met seldom."""
    others = [one for name, one in weights.items() if name != "own"]
    rate = config.learning_rate
    return [{"params": [weights["own"]], "lr": rate * config.own_rate}, {"params": others, "lr": rate}]


def _pace(epoch: int, step: int, steps: int, epochs: int) -> float:
    """Share of the learning rate."""
    done = (epoch * steps + step) / (epochs * steps)
    return min(1.0, (done + 1e-3) / WARM_UP) * max(FINAL, 1.0 - done)


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


def _batches(pieces: Ints, places: int, rng: np.random.Generator) -> list[Ints]:
    """Every piece once, in steps of about `places` places: of like length together, or most would be padding."""
    lengths = pieces[:, 1] - pieces[:, 0] - 1
    order = rng.permutation(len(pieces))
    some = max(1, int(MIXED * places / lengths.mean()))
    found: list[Ints] = []
    for start in range(0, len(order), some):
        part = order[start : start + some]
        part = part[np.argsort(lengths[part], kind="stable")]
        first = 0
        while first < len(part):
            last = first + 1
            while last < len(part) and int(lengths[part[last]]) * (last + 1 - first) <= places:
                last += 1
            found.append(pieces[part[first:last]])
            first = last
    return [found[i] for i in rng.permutation(len(found)).tolist()]


def _asked(pieces: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Reels int64[b, t] and what came after each, likewise; -1 = nothing. `rows` ends with a -1."""
    places = pieces[:, :1] + np.arange(int((pieces[:, 1] - pieces[:, 0]).max()))
    whole = rows[np.where(places < pieces[:, 1:], places, -1)]
    return whole[:, :-1], whole[:, 1:]


def _inclusion(counts: Ints, config: SequenceConfig) -> torch.Tensor:
    """float32[n]: chance of each reel to be sampled, `negatives` in all: 1 - exp(-m (count + 1)^power)."""
    shares = (counts + 1.0) ** config.sampling_power * (counts > 0)
    shares /= max(shares.sum(), 1e-9)
    low, high = 0.0, 1e9
    for _ in range(80):
        m = (low + high) / 2
        low, high = (m, high) if (1.0 - np.exp(-m * shares)).sum() < config.negatives else (low, m)
    return torch.from_numpy(1.0 - np.exp(-low * shares)).float()


def _loss(
    weights: Weights,
    text: torch.Tensor,
    inclusion: torch.Tensor,
    asked: tuple[Ints, Ints],
    config: SequenceConfig,
    chance: torch.Generator,
) -> torch.Tensor:
    before, after = asked
    there = after >= 0
    targets = after[there]
    others = torch.nonzero(torch.rand(len(inclusion), generator=chance) < inclusion)[:, 0].numpy()
    flat = np.concatenate([before.clip(0).ravel(), targets, others])
    rows, place = np.unique(flat, return_inverse=True)
    at, inputs = torch.from_numpy(rows), before.size
    own = weights["own"].index_select(0, at)
    own = own * (torch.rand(len(at), 1, generator=chance) >= config.own_dropped)
    table = own + text.index_select(0, at) @ weights["text"]
    bias = weights["bias"].index_select(0, at) - torch.log(inclusion.index_select(0, at) + 1e-30)
    x = table[torch.from_numpy(place[:inputs])].reshape(*before.shape, config.dim)
    found = encoded(weights, x, config.dropout, chance)[torch.from_numpy(there)]
    right, wrong = torch.from_numpy(place[inputs:]).split([len(targets), len(others)])
    sampled = torch.zeros(len(at), dtype=torch.bool)
    sampled[wrong] = True
    logits = (found * table[right]).sum(1) + bias[right]
    loss: torch.Tensor = SampledSoftmax.apply(found, table[wrong], bias[wrong], logits, sampled[right])
    return loss


class SampledSoftmax(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    """The mean of the losses above; its gradients are made on the way, in blocks that fit the cache.

    found float32[p, d], table float32[s, d] and bias float32[s] of the sampled, right float32[p] logits of what came
    next, sampled bool[p] whether it is among them.
    """

    @staticmethod
    def forward(
        ctx: Any,
        found: torch.Tensor,
        table: torch.Tensor,
        bias: torch.Tensor,
        right: torch.Tensor,
        sampled: torch.Tensor,
    ) -> torch.Tensor:
        """The loss."""
        to_found, among, p = torch.empty_like(found), torch.empty_like(right), len(found)
        to_table, to_bias = torch.zeros_like(table), torch.zeros_like(bias)
        turned, room = table.T.contiguous(), torch.empty(BLOCK, len(table))
        for start in range(0, p, BLOCK):
            some = slice(start, start + BLOCK)
            z = torch.addmm(bias, found[some], turned, out=room[: min(BLOCK, p - start)])
            most = z.amax(1)
            mass = z.sub_(most[:, None]).exp_().sum(1)
            among[some] = most + mass.log()
            whole = torch.where(sampled[some], among[some], torch.logaddexp(among[some], right[some]))
            z.mul_((torch.exp(among[some] - whole) / mass)[:, None])
            torch.mm(z, table, out=to_found[some])
            to_table.addmm_(z.T, found[some])
            to_bias += z.sum(0)
        whole = torch.where(sampled, among, torch.logaddexp(among, right))
        to_right = torch.where(sampled, torch.tensor(-1.0), -torch.exp(among - whole))
        ctx.save_for_backward(*(one / p for one in (to_found, to_table, to_bias, to_right)))
        return (whole - right).mean()

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The gradients, times the one from outside."""
        return (*(one * outer[0] for one in ctx.saved_tensors), None)


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


def _model(towers: list[Weights], content: Floats, counts: Ints) -> SequenceModel:
    fitted = [{name: np.asarray(one.detach().numpy(), np.float32) for name, one in each.items()} for each in towers]
    met = counts > 0
    own, text = (np.concatenate([one[name] for one in fitted], axis=1) for name in ("own", "text"))
    bias = np.mean([one["bias"] for one in fitted], axis=0)
    rarest = counts[met].min(initial=1) if met.any() else 1
    unknown = bias[counts == rarest].mean() if (counts == rarest).any() else 0.0
    return SequenceModel(
        items=(np.where(met[:, None], own, 0.0) + content @ text).astype(np.float32),
        bias=np.where(met, bias, unknown).astype(np.float32),
        unmet=np.array([unknown], np.float32),
        text=text,
        **{name: np.stack([one[name] for one in fitted]) for name in ("positions", "matrices", "vectors")},
    )
