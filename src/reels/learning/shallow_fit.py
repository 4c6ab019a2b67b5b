"""The fit of the shallow sequence model: gradients by hand, a step at a time. `learning.shallow` says what of."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from reels.core.types import Floats, Rows
from reels.learning.interactions import Histories
from reels.learning.shallow import ShallowConfig

Ints = NDArray[np.int64]
_FIRST, _SECOND = np.float32(0.9), np.float32(0.98)
"""Adam's two memories (Kingma and Ba 2015)."""
_WARM_UP = 50
"""Steps until the learning rate is there."""
_TEXT_RATE = 0.5
"""Learning rate of the text part, as a share: all reels teach it."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """b moments of histories over r distinct reels, which are numbered by their place in `rows`."""

    rows: Rows
    past: tuple[sparse.csr_matrix, ...]
    """float32[b, r] for each fade: rows that sum to 1."""
    answers: Ints
    negatives: Ints
    weights: Floats
    """float32[b], sums to about 1."""


class Fit:
    """Parameters, and how they learn."""

    def __init__(self, histories: Histories, content: Floats, config: ShallowConfig) -> None:
        self.histories, self.content, self.config = histories, np.asarray(content, np.float32), config
        self.rng = np.random.default_rng(config.seed)
        n, width, texts = histories.n, config.dim, content.shape[1]
        self.own: Floats = (self.rng.normal(size=(n, width)) * 0.02).astype(np.float32)
        self.text: Floats = (self.rng.normal(size=(texts, width)) * 0.5 / np.sqrt(max(texts, 1))).astype(np.float32)
        self.bias: Floats = np.zeros(n, np.float32)
        once = np.eye(width, dtype=np.float32) * np.float32(3.0 / len(config.fades))
        self.matrices: Floats = np.stack([once] * len(config.fades))
        self._memory = {name: _Memory(getattr(self, name)) for name in ("own", "text", "bias", "matrices")}
        counts = np.bincount(histories.rows, minlength=n).astype(np.float64)
        chance = counts**config.sampling_power
        chance /= max(chance.sum(), 1e-12)
        self._sum_of_chances = np.cumsum(chance)
        self._expected: Floats = np.log(np.maximum(config.negatives * chance, 1e-12)).astype(np.float32)
        self._starts = np.repeat(histories.indptr[:-1], np.diff(histories.indptr))

    def steps(self) -> Iterator[tuple[int, float, Ints]]:
        """Number of the step from 1, its learning rate, and the places of the histories that are the answers."""
        able = np.flatnonzero(np.arange(len(self.histories.rows)) > self._starts)
        size, number = self.config.batch, 0
        read = min(len(able), self.config.most)
        total = self.config.epochs * -(-read // size)
        for _ in range(self.config.epochs):
            order = self.rng.permutation(able)[:read]
            for start in range(0, len(order), size):
                number += 1
                rate = self.config.learning_rate * (1 - number / (total + 1)) * min(1.0, number / _WARM_UP)
                yield number, rate, order[start : start + size]

    def learn(self, number: int, rate: float, places: Ints) -> None:
        """One step of Adam."""
        batch = self._batch(places)
        rows, config = batch.rows, self.config
        kept = (self.rng.random(len(rows)) >= config.own_dropped).astype(np.float32)[:, None]
        texts = self.content[rows]
        vectors = self.own[rows] * kept + texts @ self.text
        means = [past @ vectors for past in batch.past]
        wanted = np.sum([mean @ matrix for mean, matrix in zip(means, self.matrices, strict=True)], axis=0)
        drop = np.float32(config.dropout)
        mask = (self.rng.random(wanted.shape, np.float32) >= drop) / (1 - drop)
        by_wanted, by_vectors, by_bias = self._softmax(batch, wanted * mask, vectors)
        by_wanted *= mask
        by_matrices = np.stack([mean.T @ by_wanted for mean in means])
        for past, matrix in zip(batch.past, self.matrices, strict=True):
            by_vectors += past.T @ (by_wanted @ matrix.T)
        own = by_vectors * kept + np.float32(config.weight_decay) * self.own[rows]
        self._memory["own"].step(self.own, own, number, rate, rows)
        self._memory["bias"].step(self.bias, by_bias, number, rate, rows)
        self._memory["text"].step(self.text, texts.T @ by_vectors, number, rate * _TEXT_RATE)
        self._memory["matrices"].step(self.matrices, by_matrices, number, rate)

    def _batch(self, places: Ints) -> _Batch:
        histories, config = self.histories, self.config
        back = np.arange(1, config.length + 1)
        before = places[:, None] - back
        there = before >= self._starts[places][:, None]
        past = histories.rows[np.maximum(before, 0)][there]
        drawn = np.searchsorted(self._sum_of_chances, self.rng.random(config.negatives))
        drawn = np.minimum(drawn, histories.n - 1)
        every = np.concatenate([past, drawn, histories.rows[places]])
        rows, at = np.unique(every, return_inverse=True)
        indptr = np.concatenate(([0], np.cumsum(there.sum(axis=1))))
        shape = (len(places), len(rows))
        matrices = []
        for fade in config.fades:
            weights = there * np.float32(fade) ** (back - 1).astype(np.float32)
            weights /= weights.sum(axis=1, keepdims=True)
            values = weights[there].astype(np.float32)
            matrices.append(sparse.csr_matrix((values, at[: len(past)], indptr), shape=shape))
        negatives, answers = at[len(past) : len(past) + len(drawn)], at[len(past) + len(drawn) :]
        weight = histories.weights[places]
        return _Batch(rows.astype(np.int32), tuple(matrices), answers, negatives, weight / weight.sum())

    def _softmax(self, batch: _Batch, wanted: Floats, vectors: Floats) -> tuple[Floats, Floats, Floats]:
        """Gradients of the weighted loss by `wanted` [b, w], `vectors` [r, w] and the biases [r]."""
        answers, negatives = batch.answers, batch.negatives
        bias = self.bias[batch.rows] - self._expected[batch.rows]
        against, right = vectors[negatives], vectors[answers]
        scores = wanted @ against.T + bias[negatives]
        scores[answers[:, None] == negatives] = -np.inf
        mine = np.einsum("bw,bw->b", wanted, right) + bias[answers]
        largest = np.maximum(scores.max(axis=1), mine)
        scores -= largest[:, None]
        np.exp(scores, out=scores)
        of_mine = np.exp(mine - largest)
        scores *= (batch.weights / (scores.sum(axis=1) + of_mine))[:, None]
        short = -scores.sum(axis=1)  # the shares of all sum to the weight: what the answer's share lacks of it
        by_wanted = scores @ against + short[:, None] * right
        r = len(batch.rows)
        by_vectors = _placed(negatives, np.ones(len(negatives), np.float32), r) @ (scores.T @ wanted)
        by_vectors += _placed(answers, short, r) @ wanted
        by_bias = np.bincount(negatives, scores.sum(axis=0), minlength=r) + np.bincount(answers, short, minlength=r)
        return by_wanted, by_vectors, by_bias.astype(np.float32)


class _Memory:
    """Adam of one array, whole or some of its rows."""

    def __init__(self, array: Floats) -> None:
        self.first, self.second = np.zeros_like(array), np.zeros_like(array)

    def step(self, array: Floats, gradient: Floats, number: int, rate: float, rows: Rows | None = None) -> None:
        """Changes `array`."""
        at = slice(None) if rows is None else rows
        first = self.first[at] * _FIRST + gradient * (1 - _FIRST)
        second = self.second[at] * _SECOND + gradient**2 * (1 - _SECOND)
        self.first[at], self.second[at] = first, second
        fair = np.sqrt(second / (1 - _SECOND**number)) + np.float32(1e-7)
        array[at] -= np.float32(rate) * (first / (1 - _FIRST**number)) / fair


def _placed(rows: Ints, values: Floats, n: int) -> sparse.csr_matrix:
    """float32[n, len(rows)]: column j has values[j] at rows[j]; duplicates are summed by the product."""
    return sparse.csr_matrix((values, (rows, np.arange(len(rows)))), shape=(n, len(rows)))
