"""Chooses the page: good, spread over creators and topics, and with places for chance."""

import numpy as np
from numpy.typing import NDArray

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Mask, Rows, ScoreBoard
from reels.recommender.models import Models
from reels.recommender.newcomers import ENOUGH, untried
from reels.recommender.orders import UNKNOWN_CREATORS
from reels.recommender.ranker.loops import fading_age
from reels.recommender.selection.spread import WINDOW, columns, fill
from reels.recommender.stages import Pick
from reels.recommender.trials import under_trial

BEGIN = 0.1
"""Weight of a trial that has not begun, against 1 + this of one that is nearly over. By what is left instead, the
traffic spread over all of them and few ended."""
FORGET_SEC = 14 * 86_400.0
"""Age at which a reel's share of the trial half has fallen to 1/e."""


class Page:
    """Greedy MMR (Carbonell and Goldstein 1998) under caps, epsilon-greedy place by place.

    An exploration place is drawn from q over the reels the caps allow there: half uniform, half by how far the fair
    trial has come times exp(-age / 14 days), so that a trial begun is brought to its end before the next begins; all
    uniform while nothing is on trial. Propensities are exact (`spread.fill`). Near-duplicates never share a page.
    """

    def pick(
        self,
        query: FeedQuery,
        models: Models,
        policy: Policy,
        rows: Rows,
        board: ScoreBoard,
        above: Rows,
        rng: np.random.Generator,
    ) -> list[Pick]:
        largest, trial = board.total.max(initial=0.0), _trial(models, policy, rows, query.now)
        creators, topics, groups = columns(models.creators, models.topics, models.duplicates, rows, UNKNOWN_CREATORS[1])
        picks, drawn, propensities = fill(
            board.total / largest if largest > 0 else board.total,
            models.content(rows),
            creators,
            topics,
            groups,
            _above(models, policy, above[-WINDOW:], query.now),
            trial,
            _kept_for(models, policy, rows, trial, board.promise),
            query.limit,
            (policy.max_per_creator, policy.max_per_topic, policy.max_on_trial, policy.reserved_on_trial),
            policy.diversity,
            policy.epsilon if query.explore else 0.0,
            rng.random((query.limit, 2)),
        )
        return [
            Pick(index, explored, propensity)
            for index, explored, propensity in zip(picks.tolist(), drawn.tolist(), propensities.tolist(), strict=True)
        ]


class Newest:
    """Newest first and nothing else: the "Latest" mode."""

    def pick(
        self,
        query: FeedQuery,
        models: Models,
        policy: Policy,
        rows: Rows,
        board: ScoreBoard,
        above: Rows,
        rng: np.random.Generator,
    ) -> list[Pick]:
        order = np.lexsort((models.keys[rows], -models.published[rows]))[: query.limit]
        return [Pick(index, False, 1.0) for index in order.tolist()]


def _above(models: Models, policy: Policy, rows: Rows, now: float) -> NDArray[np.int64]:
    """int64[5, a]: creators, topics, groups, whether on trial and whether places are kept for, of the places above."""
    out = np.empty((5, len(rows)), np.int64)
    out[:3] = columns(models.creators, models.topics, models.duplicates, rows, UNKNOWN_CREATORS[1])
    trial = _trial(models, policy, rows, now)
    out[3], out[4] = trial > 0, _kept_for(models, policy, rows, trial)
    return out


def _kept_for(models: Models, policy: Policy, rows: Rows, trial: Floats, promise: Floats | None = None) -> Mask:
    """bool[n]: new creators' reels under trial, and of any creator what nobody has taken to yet but promises enough."""
    if not policy.reserved_on_trial:
        return np.zeros(len(rows), np.bool_)
    return np.asarray((trial > 0) | (untried(models, policy, rows) if promise is None else promise >= ENOUGH))


def _trial(models: Models, policy: Policy, rows: Rows, now: float) -> Floats:
    left = under_trial(models, policy, rows, now)
    if not left.any():
        return left
    newness = np.exp(fading_age(models.published, rows, now, FORGET_SEC))
    return np.asarray(np.where(left > 0, (BEGIN + 1.0 - left) * newness, 0.0), np.float32)
