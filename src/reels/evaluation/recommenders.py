"""What is compared: a recommender is fitted on a log and then asked for viewers it is told all about.

Two kinds of fitted models. Most score every reel (`scores`) and are ranked here, seen reels masked. A pipeline with
candidates of its own makes its list itself (`rank`) and is held to the same rules.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Mask, Rows
from reels.evaluation.log import Catalogue, Log
from reels.evaluation.texts import Texts


@dataclass(frozen=True, slots=True)
class Context:
    """What a fit may use besides the log."""

    catalogue: Catalogue
    texts: Texts
    now: float
    """The moment of asking, epoch s: the newest event that was learnt."""
    seed: int = 0
    threads: int = 1


@runtime_checkable
class Scoring(Protocol):
    """A fitted model with an opinion on every reel."""

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """float[q, n], larger is better. `viewers` holds all that is known of each of the q, newest last."""


@runtime_checkable
class Ranking(Protocol):
    """A fitted model that makes its own lists."""

    def rank(self, viewers: Log, k: int, allowed: Mask) -> Rows:
        """int32[q, k], best first, -1 where it has no more: distinct, allowed, none of the viewer's history."""


@runtime_checkable
class PairScoring(Protocol):
    """A fitted model that can be asked about single exposures but not about everything."""

    def pair_scores(self, viewers: Log, exposures: Log) -> Floats:
        """float32[p]: of each row of `exposures`, whose viewers are those of `viewers`; NaN = no opinion."""


Fitted = Scoring | Ranking | PairScoring


class Recommender(Protocol):
    """Something that can be fitted. `name` is its row in the table."""

    name: str
    about: str
    """What it is, with its settings: one line of the report."""

    def fit(self, train: Log, context: Context) -> Fitted:
        """Learns from `train` alone. Raises NotApplicable where the data has not what it needs."""


def makes_lists(recommender: Recommender) -> bool:
    """Whether it can be asked for reels at all. A model of exposures alone says `makes_lists = False`."""
    return bool(getattr(recommender, "makes_lists", True))


class NotApplicable(Exception):
    """This recommender needs something the data set does not have, e.g. titles."""


def ranked(fitted: Scoring | Ranking, viewers: Log, k: int, allowed: Mask) -> Rows:
    """int32[q, k]: the first k of each viewer, what the viewer has seen and what is not allowed masked.

    Raises ValueError naming what is wrong where a model's own list breaks the rules.
    """
    if isinstance(fitted, Ranking):
        rows = fitted.rank(viewers, k, allowed)
        _check(rows, viewers, k, allowed)
        return rows
    return best_of(masked(np.asarray(fitted.scores(viewers), np.float32), viewers, allowed), k)


def masked(scores: Floats, viewers: Log, allowed: Mask) -> Floats:
    """The scores with -inf where a reel must not be recommended; NaN is -inf, too. Changes `scores`."""
    np.copyto(scores, -np.inf, where=np.isnan(scores))
    scores[:, ~allowed] = -np.inf
    scores[viewers.owners, viewers.reels] = -np.inf
    return scores


def best_of(scores: Floats, k: int) -> Rows:
    """int32[q, k] of float32[q, n]: largest first, equal ones by row; -1 instead of a score of -inf.

    Ties at the k-th place are broken by row as well, so that the list does not depend on numpy's partition.
    """
    q, n = scores.shape
    k_here = min(k, n)
    if k_here < n:
        limit = -np.partition(-scores, k_here - 1, axis=1)[:, k_here - 1 : k_here]
        above = scores > limit
        tied = scores == limit
        room = k_here - above.sum(axis=1, keepdims=True)
        chosen = above | (tied & (np.cumsum(tied, axis=1, dtype=np.int32) <= room))
        rows = np.nonzero(chosen)[1].reshape(q, k_here)
    else:
        rows = np.broadcast_to(np.arange(n), (q, n))
    values = np.take_along_axis(scores, rows, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    best = np.full((q, k), -1, np.int32)
    best[:, :k_here] = np.take_along_axis(rows, order, axis=1)
    best[:, :k_here][np.isneginf(np.take_along_axis(values, order, axis=1))] = -1
    return best


def _check(rows: Rows, viewers: Log, k: int, allowed: Mask) -> None:
    if rows.shape != (len(viewers.viewers), k):
        raise ValueError(f"ranked {rows.shape}, expected {(len(viewers.viewers), k)}")
    there = rows >= 0
    if not allowed[rows[there]].all():
        raise ValueError("a reel that is not allowed was ranked")
    flat = np.arange(len(rows))[:, None] * np.int64(viewers.n) + rows
    if len(np.unique(flat[there])) != int(there.sum()):
        raise ValueError("a reel was ranked twice for one viewer")
    if np.isin(flat[there], viewers.owners * np.int64(viewers.n) + viewers.reels).any():
        raise ValueError("a reel of the viewer's own history was ranked")
