"""Fit, ask, measure: the same for every recommender. All reels are ranked, those seen masked; nothing is sampled.

A list is `DEPTH` long. What is measured is in `metrics`; here is only who gets which number.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Mask, Rows
from reels.evaluation import metrics
from reels.evaluation.intervals import Estimate, auc_estimate, estimates
from reels.evaluation.log import Catalogue, Log
from reels.evaluation.metrics import Doubles
from reels.evaluation.recommenders import (
    Context,
    Fitted,
    NotApplicable,
    PairScoring,
    Ranking,
    Recommender,
    Scoring,
    best_of,
    makes_lists,
    masked,
    ranked,
)
from reels.evaluation.splits import Question, Split

DEPTH = 300
LOOKED_AT = 10
"""Places a viewer is thought to look at: coverage, exposure, novelty and diversity are of these."""
COMPARABLE = 1000
"""Coverage grows with the viewers asked: it is said for so many, too, which can be compared between questions."""
BATCH = 250
"""Viewers asked at once, fewer where so many score tables of the whole catalogue would pass `CELLS`."""
CELLS = 5_000_000
NEW_AT_MOST = 5
"""A reel with at most so many training exposures counts as new: nobody knows it yet."""

Watch = Callable[[str, int, int], None]
"""What is being done, how many of how many viewers are done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One recommender's numbers on one question."""

    question: str
    viewers: int
    targets: int
    estimates: dict[str, Estimate]
    per_viewer: dict[str, Doubles]
    """float64[q] of every metric that has a value for each viewer."""
    serve_sec: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One recommender on one split."""

    recommender: str
    about: str
    split: str
    fit_sec: float
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What the training log says about the reels."""

    known_by: NDArray[np.int64]
    viewers: int
    new: Mask
    small: Mask | None
    """Reels of small creators; None where creators are not known."""


def run(recommender: Recommender, split: Split, context: Context, watch: Watch | None = None) -> Outcome:
    """Fits on the split's training part and asks all its questions. Raises NotApplicable as the recommender does."""
    watch = watch or _silent
    if not makes_lists(recommender) and any(len(one.targets.reels) for one in split.questions):
        raise NotApplicable("it judges what was shown and makes no lists")
    watch(f"{split.name}: fitting {recommender.name}", 0, 0)
    began = time.perf_counter()
    fitted = recommender.fit(split.train, context)
    fit_sec = time.perf_counter() - began
    shelf = _shelf_of(split.train, context.catalogue)
    answers = tuple(ask(fitted, one, shelf, context, recommender.name, watch) for one in split.questions)
    return Outcome(recommender.name, recommender.about, split.name, fit_sec, answers)


def ask(fitted: Fitted, question: Question, shelf: _Shelf, context: Context, name: str, watch: Watch) -> Answer:
    """All metrics of one question."""
    if question.exposures is not None and not len(question.targets.reels):
        return _judged(fitted, question, question.exposures, context, name, watch)
    if not isinstance(fitted, Scoring | Ranking):
        raise NotApplicable("it judges what was shown and makes no lists")
    rows, seen_scores, serve_sec = _asked(fitted, question, name, watch)
    n, targets = question.history.n, question.targets
    hits = metrics.hits_of(rows, targets, n)
    per_viewer = {
        **{f"recall@{k}": metrics.recall(hits, targets.counts, k) for k in (10, 20, DEPTH)},
        **{f"ndcg@{k}": metrics.ndcg(hits, targets.counts, k) for k in (10, 20)},
        "mrr": metrics.reciprocal_rank(hits),
        "new_reels@10": metrics.share_of(rows, LOOKED_AT, shelf.new),
        "novelty@10": metrics.novelty(rows, LOOKED_AT, shelf.known_by, shelf.viewers),
        "diversity@10": metrics.diversity(rows, LOOKED_AT, context.texts.tfidf),
    }
    if shelf.small is not None:
        per_viewer["small_creators@10"] = metrics.share_of(rows, LOOKED_AT, shelf.small)
    found = dict(zip(per_viewer, estimates(np.stack(list(per_viewer.values()), 1), seed=context.seed), strict=True))
    exposure = metrics.exposure_of(rows, LOOKED_AT, n)
    q = len(rows)
    found["coverage@10"] = _exact(metrics.coverage(exposure, question.allowed), q)
    if q >= COMPARABLE:
        found["coverage@10 of 1000"] = _exact(metrics.coverage_of(exposure, question.allowed, q, COMPARABLE), q)
    found["gini@10"] = _exact(metrics.gini(exposure[question.allowed]), q)
    if question.exposures is not None and seen_scores is not None:
        found |= _of_exposures(question.exposures, seen_scores, per_viewer, context.seed)
    return Answer(question.name, q, len(targets.reels), found, per_viewer, serve_sec)


def _judged(fitted: Fitted, question: Question, exposures: Log, context: Context, name: str, watch: Watch) -> Answer:
    """A question without targets: only what was shown is judged. Raises NotApplicable for one that can't."""
    if not isinstance(fitted, Scoring | PairScoring):
        raise NotApplicable("it has no opinion on single exposures")
    q, took = len(question.history.viewers), 0.0
    scores: list[Doubles] = []
    for start, stop in pairwise([*range(0, q, BATCH), q]):
        positions = np.arange(start, stop)
        viewers, shown = question.history.at_positions(positions), exposures.at_positions(positions)
        began = time.perf_counter()
        if isinstance(fitted, PairScoring):
            found = fitted.pair_scores(viewers, shown)
        else:
            found = np.asarray(fitted.scores(viewers))[shown.owners, shown.reels]
        took += time.perf_counter() - began
        scores.append(np.asarray(found, np.float64))
        watch(f"{question.name}: {name}", stop, q)
    per_viewer: dict[str, Doubles] = {}
    found_of = _of_exposures(exposures, np.concatenate(scores), per_viewer, context.seed)
    return Answer(question.name, q, 0, found_of, per_viewer, took)


def _asked(
    fitted: Scoring | Ranking, question: Question, name: str, watch: Watch
) -> tuple[Rows, Doubles | None, float]:
    """Lists int32[q, DEPTH], scores of the exposures where there are any, and how long the lists took."""
    q = len(question.history.viewers)
    rows = np.empty((q, DEPTH), np.int32)
    scores: list[Doubles] = []
    took = 0.0
    size = max(1, min(BATCH, CELLS // max(question.history.n, 1)))
    for start, stop in pairwise([*range(0, q, size), q]):
        positions = np.arange(start, stop)
        viewers = question.history.at_positions(positions)
        exposures = question.exposures.at_positions(positions) if question.exposures is not None else None
        began = time.perf_counter()
        if isinstance(fitted, Scoring) and not isinstance(fitted, Ranking):
            every = np.array(fitted.scores(viewers), np.float32)
            took += time.perf_counter() - began
            if exposures is not None:
                scores.append(every[exposures.owners, exposures.reels].astype(np.float64))
            began = time.perf_counter()
            rows[start:stop] = best_of(masked(every, viewers, question.allowed), DEPTH)
        else:
            rows[start:stop] = ranked(fitted, viewers, DEPTH, question.allowed)
        took += time.perf_counter() - began
        if exposures is not None and isinstance(fitted, PairScoring):
            scores.append(np.asarray(fitted.pair_scores(viewers, exposures), np.float64))
        watch(f"{question.name}: {name}", stop, q)
    return rows, np.concatenate(scores) if scores else None, took


def _of_exposures(exposures: Log, scores: Doubles, per_viewer: dict[str, Doubles], seed: int) -> dict[str, Estimate]:
    """AUC over all exposures and within viewers; no opinion (NaN) is the lowest score."""
    owners, q = exposures.owners, len(exposures.viewers)
    scores = np.nan_to_num(scores, nan=-np.inf, neginf=-np.inf)
    scores = np.maximum(scores, np.finfo(np.float64).min)
    per_viewer["gauc"] = metrics.auc_by_viewer(exposures.positive, scores, owners, q)
    weights = exposures.lengths.astype(np.float64)
    (within,) = estimates(per_viewer["gauc"][:, None], weights=weights, seed=seed)
    return {"auc": auc_estimate(exposures.positive, scores, owners, q, seed=seed), "gauc": within}


def _shelf_of(train: Log, catalogue: Catalogue) -> _Shelf:
    """A creator is small who has fewer exposures in training than the median creator."""
    counts = train.counts()
    known = catalogue.creators >= 0
    small = None
    if known.any():
        by_creator = np.bincount(catalogue.creators[known], counts[known])
        small = known & (by_creator < np.median(by_creator))[np.maximum(catalogue.creators, 0)]
    known_by = np.asarray(train.matrix().getnnz(axis=0), np.int64)
    return _Shelf(known_by, int((train.lengths > 0).sum()), counts <= NEW_AT_MOST, small)


def _exact(value: float, viewers: int) -> Estimate:
    """A number of the whole run: no interval."""
    return Estimate(value, np.nan, np.nan, np.nan, viewers)


def _silent(_what: str, _done: int, _total: int) -> None:
    pass
