"""The learned ranker: boosted trees and a linear half over `features`, in the place of the formula's weighted sum.

    raw    (1 - share) * trees + share * linear, each over its standard deviation within the request (`learning.ranker`
           chose the share), less penalty * log(1 + times shown): the policy's popularity_penalty, but no more than
           training found that the viewers' next reels afford
    total  (raw - lowest) / (highest - lowest) of the request, plus boosts

so that a total is in 0..1 as the blend's is, and boosts weigh as much. What a reel's total owes to a part is how much
more its path through the trees (`Trees.owed`) and its linear sum owe to the part's columns than those of the request's
lowest: with the boosts it adds up to the total. Reels that nobody has taken to yet keep their places among the others
but are put in the order of what they promise (`recommender.newcomers`); what one gains by that it owes to exploration.
The parts of the board are still the formula's, for whoever wants to compare.

A policy that asks for it while the snapshot has no trees, or trees over columns this program does not know, is served
by the blend, with the policy's weights.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows, ScoreBoard
from reels.learning.snapshot import Snapshot
from reels.recommender.models import Models
from reels.recommender.newcomers import promises, untried
from reels.recommender.ranker.blend import Blend, normalised
from reels.recommender.ranker.features.columns import PARTS, Moment
from reels.recommender.ranker.features.standard import COLUMNS, NAMES, features
from reels.recommender.ranker.linear import Linear, linear_of
from reels.recommender.ranker.trees import Trees, trees_of
from reels.recommender.stages import Viewer

POPULARITY, EXPLORATION = "popularity", "exploration"


class Learned:
    """The trees where policy and snapshot have them, else the blend."""

    def __init__(self, blend: Blend) -> None:
        self.blend = blend

    def rank(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> ScoreBoard:
        """As `Ranker`."""
        halves = _halves(models.snapshot) if policy.ranker == "learned" else None
        if halves is None or not len(rows):
            return self.blend.rank(query, viewer, models, policy, rows)
        trees, linear, at, linear_at = halves
        moment = self.moment(query, viewer, models, policy, rows)
        every = features(moment)
        table, standard = every[:, at], linear.standardised(every[:, linear_at])
        by_trees, by_line = trees.scores(table), linear.scores(standard)
        scales = (1.0 - linear.share) / _spread(by_trees), linear.share / _spread(by_line)
        penalty = min(policy.popularity_penalty, linear.afforded) * np.log1p(models.impressions[rows])
        raw = scales[0] * by_trees + scales[1] * by_line - penalty
        lowest, span = int(np.argmin(raw)), max(float(np.ptp(raw)), 1e-9)
        total = ((raw - raw[lowest]) / span).astype(np.float32)
        boosts = self.blend.boosted(query, viewer, models, policy, rows, total)
        moved, promise = _by_promise(viewer, models, policy, rows, total)
        parts = {name: normalised(values, "max") for name, values in moment.parts.items()}

        def owed(rows_asked: list[int]) -> dict[str, Floats]:
            some = np.array([*rows_asked, lowest], np.int64)
            by_path = trees.owed(np.ascontiguousarray(table[some])) * scales[0]
            by_column = np.asarray(standard[some], np.float64) * linear.weights * scales[1]
            columns = by_path, np.asarray(by_column, np.float64)
            owed = _by_part(columns, (at, linear_at), penalty[some], span)
            owed[EXPLORATION] = owed[EXPLORATION] + moved[rows_asked]
            return owed

        return ScoreBoard(parts, boosts, total, {}, owed, promise)

    def moment(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Moment:
        """What the features of these rows are computed from."""
        parts = {part.name: part.score(query, viewer, models, policy, rows) for part in self.blend.parts}
        return Moment(query, viewer, models, policy, rows, models.origin[rows], parts)


def _by_promise(viewer: Viewer, models: Models, policy: Policy, rows: Rows, total: Floats) -> tuple[Floats, Floats]:
    """Gives the totals of the untried reels to them in the order of what they promise: float32[n] each, what a reel
    gained by it and its promise, NaN for the tried.

    The trees have seen too few of them to tell one from another: among themselves `recommender.newcomers` decides.
    """
    moved, promise = np.zeros(len(rows), np.float32), np.full(len(rows), np.nan, np.float32)
    new = np.flatnonzero(untried(models, policy, rows))
    if len(new):
        promise[new] = promises(viewer.evidence, models, rows[new])
        order = new[np.lexsort((rows[new], -total[new], -promise[new]))]
        given = np.sort(total[new])[::-1]
        moved[order] = given - total[order]
        total[order] = given
    return moved, promise


@lru_cache(maxsize=8)
def selection(columns: tuple[str, ...]) -> NDArray[np.int64] | None:
    """Where the columns a ranker was trained with are now; None when one is not there any more."""
    place = {name: i for i, name in enumerate(NAMES)}
    if any(name not in place for name in columns):
        return None
    return np.array([place[name] for name in columns], np.int64)


def _halves(snapshot: Snapshot) -> tuple[Trees, Linear, NDArray[np.int64], NDArray[np.int64]] | None:
    """Both halves and where their columns are; None where the snapshot has none, or of columns that are no more."""
    trees, linear = trees_of(snapshot), linear_of(snapshot)
    if trees is None or linear is None:
        return None
    at, linear_at = selection(trees.columns), selection(linear.columns)
    return None if at is None or linear_at is None else (trees, linear, at, linear_at)


def _spread(scores: NDArray[np.float64]) -> float:
    """Standard deviation within the request, by which the halves are made comparable."""
    return max(float(scores.std()), 1e-9)


def _by_part(
    columns: tuple[NDArray[np.float64], NDArray[np.float64]],
    at: tuple[NDArray[np.int64], NDArray[np.int64]],
    penalty: NDArray[np.float64],
    span: float,
) -> dict[str, Floats]:
    """float32[k] by part, of all rows but the last, the request's lowest, which they are compared with."""
    owed = np.concatenate(columns, axis=1)
    owed = (owed[:-1] - owed[-1]) / span
    taken = (penalty[-1] - penalty[:-1]) / span
    parts = [COLUMNS[place].part for place in np.concatenate(at).tolist()]
    out: dict[str, Floats] = {}
    for name in PARTS:
        mine = [i for i, part in enumerate(parts) if part == name]
        amount = owed[:, mine].sum(axis=1) + (taken if name == POPULARITY else 0.0)
        out[name] = amount.astype(np.float32)
    return out
