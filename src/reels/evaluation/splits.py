"""What is learnt from and what is asked, cut from one log. No event that is asked for, and none after it, is learnt.

leave_last_out   each viewer's last positive; back=2 asks for the one before (to tune on, never reported)
temporal         everything before a moment teaches, the positives after it are asked for
exposures        everything before a moment teaches, every exposure after it is judged: no lists are asked for
cold_reels       a tenth of the reels is taken out of training; asked are viewers whose last is one of them
cold_viewers     some viewers are taken out of training; asked is their next positive after the first 0, 1, 3, 10
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reels.core.errors import InputError
from reels.core.types import Mask, Rows
from reels.evaluation.log import Catalogue, Log

COLD_SHARE = 0.1
COLD_SEED = 42
COLD_VIEWER_EVENTS = (0, 1, 3, 10)
MOST_WARM = 10_000
"""Viewers asked for what is paid for the cold reels: enough for an interval of +-.005."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What each of q viewers is asked for: reels[indptr[i]:indptr[i+1]], distinct."""

    indptr: NDArray[np.int64]
    reels: Rows

    @property
    def counts(self) -> NDArray[np.int64]:
        """int64[q]"""
        return np.diff(self.indptr)


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask a fitted model, and the right answers."""

    name: str
    history: Log
    """What is known of each of the q viewers when asked. All reels in it are masked."""
    targets: Targets
    allowed: Mask
    """bool[n]: reels that may be recommended."""
    exposures: Log | None = None
    """What these viewers were really shown afterwards, for AUC; the same viewers in the same order."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """What may be learnt from, and the questions asked afterwards."""

    name: str
    train: Log
    questions: tuple[Question, ...]


def leave_last_out(log: Log, *, back: int = 1) -> Split:
    """Asks for each viewer's `back`-th newest positive; that and all that came later is not learnt.

    Viewers who would have nothing left to learn from are not asked. Raises InputError where nobody is left.
    """
    train, asked, targets = _without_last(log, back)
    question = Question("validation" if back == 1 else "tune", train.at_positions(asked), targets, np.ones(log.n, bool))
    return Split("leave-last-out" if back == 1 else f"leave-last-out-{back}", train, (question,))


def temporal(log: Log, cut: float, until: float = np.inf, *, name: str = "temporal") -> Split:
    """Learns from before `cut` (epoch s), asks for positives of [cut, until) the viewer was not shown before.

    A reel already shown is never shown again, so it can't be asked for. Viewers without any history are asked, too.
    """
    train = log.where(log.at < cut)
    after = log.where((log.at >= cut) & (log.at < until))
    fresh = after.where(after.positive & ~_shown(after, train))
    fresh = fresh.where(_first_of_pair(fresh))
    asked = np.flatnonzero(fresh.lengths)
    if not len(asked):
        raise InputError(f"temporal split at {cut:.0f}: no viewer has a positive event after it")
    targets = Targets(_starts(fresh.lengths[asked]), fresh.reels)
    history, exposures = train.at_positions(asked), after.at_positions(asked)
    dropped = int(after.positive.sum()) - len(fresh)
    note = f"{dropped:,} of {int(after.positive.sum()):,} positives are repeats of reels shown before: not asked for"
    return Split(name, train, (Question("after the cut", history, targets, np.ones(log.n, bool), exposures, note),))


def exposures(log: Log, cut: float, until: float = np.inf, *, name: str = "exposures") -> Split:
    """Learns from before `cut` (epoch s); every exposure of [cut, until) is judged, of viewers with a positive or not.

    Raises InputError where nothing was shown then.
    """
    train = log.where(log.at < cut)
    after = log.where((log.at >= cut) & (log.at < until))
    there = np.flatnonzero(after.lengths)
    if not len(there):
        raise InputError(f"exposures at {cut:.0f}: nothing was shown after it")
    nothing = Targets(np.zeros(len(there) + 1, np.int64), np.empty(0, np.int32))
    shown = after.at_positions(there)
    note = f"{len(shown):,} exposures, {int(shown.positive.sum()):,} of them positive"
    history = train.at_positions(there)
    question = Question("what was shown", history, nothing, np.ones(log.n, bool), shown, note)
    return Split(name, train, (question,))


def cold_reels(log: Log, catalogue: Catalogue, *, share: float = COLD_SHARE, seed: int = COLD_SEED) -> Split:
    """Leave-last-out without any event of the withheld reels in training; three questions.

    `among cold`: only withheld reels may be answered; `open, cold`: all may, the answer is a withheld one;
    `open, warm`: all may, the answer is not (what is paid for the cold ones), asked of at most `MOST_WARM` viewers.
    """
    order = catalogue.in_natural_order()
    cold = np.zeros(log.n, np.bool_)
    cold[order[np.random.default_rng(seed).choice(log.n, int(log.n * share), replace=False)]] = True
    train, asked, targets = _without_last(log, 1)
    train = train.where(~cold[train.reels])
    left = train.lengths[asked] > 0
    is_cold = cold[targets.reels]
    anything = np.ones(log.n, np.bool_)

    def question(name: str, who: Mask, allowed: Mask) -> Question:
        picked = np.flatnonzero(who & left)
        answers = Targets(np.arange(len(picked) + 1), targets.reels[picked])
        return Question(name, train.at_positions(asked[picked]), answers, allowed)

    questions = (
        question("among cold", is_cold, cold),
        question("open, cold", is_cold, anything),
        sampled(question("open, warm", ~is_cold, anything), MOST_WARM, seed),
    )
    if not len(questions[0].history.viewers):
        raise InputError("cold reels: no viewer's last positive is one of the withheld reels; the log is too small")
    return Split("cold-reels", train, questions)


def cold_viewers(
    log: Log, *, viewers: int = 2000, events: Sequence[int] = COLD_VIEWER_EVENTS, seed: int = COLD_SEED
) -> Split:
    """Takes `viewers` (at most a fifth of all) out of training; knowing the first k events, what is the next positive?

    k counts positives; what else was shown in between is known, too. Who has not more than k is not asked at k.
    """
    liked = log.liked()
    able = np.flatnonzero(liked.lengths > max(1, min(events)))
    size = min(viewers, len(able) // 5)
    if not size:
        raise InputError("cold viewers: fewer than five viewers have two positives; the log is too small")
    chosen = np.sort(np.random.default_rng(seed).choice(able, size, replace=False))
    withheld = np.zeros(len(log.viewers), np.bool_)
    withheld[chosen] = True
    mine = log.at_positions(chosen)
    questions = [_after(mine, k) for k in events]
    kept = tuple(one for one in questions if len(one.history.viewers))
    return Split("cold-viewers", log.where(~withheld[log.owners]), kept)


def sampled(question: Question, size: int, seed: int) -> Question:
    """The same question to `size` of its viewers, chosen by `seed`."""
    q = len(question.history.viewers)
    if size >= q:
        return question
    picked = np.sort(np.random.default_rng(seed).choice(q, size, replace=False))
    counts = question.targets.counts[picked]
    starts = _starts(counts)
    places = np.arange(starts[-1]) + np.repeat(question.targets.indptr[picked] - starts[:-1], counts)
    return replace(
        question,
        history=question.history.at_positions(picked),
        targets=Targets(starts, question.targets.reels[places]),
        exposures=question.exposures and question.exposures.at_positions(picked),
    )


def _without_last(log: Log, back: int) -> tuple[Log, NDArray[np.int64], Targets]:
    """Training part, positions of the viewers to ask, and what to ask: one target each."""
    nth = _positives_from_end(log)
    is_target = log.positive & (nth == back)
    owners = log.owners
    total = np.bincount(owners[log.positive], minlength=len(log.viewers))
    cut = np.flatnonzero(log.positive & (nth == np.minimum(back, total)[owners]))
    limit = np.full(len(log.viewers), len(log), np.int64)
    limit[owners[cut]] = cut  # who has fewer is cut at the first: a later target is never learnt on the way to it
    train = log.where(np.arange(len(log)) < limit[owners])
    target = np.full(len(log.viewers), -1, np.int32)
    target[owners[is_target]] = log.reels[is_target]
    repeated = np.zeros(len(log.viewers), np.bool_)
    repeated[train.owners[train.reels == target[train.owners]]] = True
    asked = np.flatnonzero((target >= 0) & (train.lengths > 0) & ~repeated)
    if not len(asked):
        raise InputError(f"leave-last-out: no viewer has more than {back} positive events")
    return train, asked, Targets(np.arange(len(asked) + 1), target[asked])


def _after(log: Log, k: int) -> Question:
    """After the first k positives, the next."""
    before = _positives_before(log)
    is_next = log.positive & (before == k)
    asked = np.flatnonzero(np.bincount(log.owners[is_next], minlength=len(log.viewers)))
    targets = log.where(is_next)
    history = log.where(before + log.positive <= k) if k else log.where(np.zeros(len(log), np.bool_))
    again = np.zeros(len(log.viewers), np.bool_)
    again[_owners_of_repeats(history, targets)] = True
    asked = asked[~again[asked]]
    answers = Targets(np.arange(len(asked) + 1), targets.at_positions(asked).reels)
    return Question(f"after {k}", history.at_positions(asked), answers, np.ones(log.n, np.bool_))


def _positives_before(log: Log) -> NDArray[np.int64]:
    """int64[p]: how many positives of the same viewer are older."""
    total = np.concatenate((np.zeros(1, np.int64), np.cumsum(log.positive, dtype=np.int64)))
    return total[:-1] - np.repeat(total[log.indptr[:-1]], log.lengths)


def _positives_from_end(log: Log) -> NDArray[np.int64]:
    """int64[p]: 1 at (and before, down to the next positive) the newest positive, 2 at the one before it, ..."""
    total = np.concatenate((np.zeros(1, np.int64), np.cumsum(log.positive, dtype=np.int64)))
    return np.repeat(total[log.indptr[1:]], log.lengths) - total[:-1]


def _shown(one: Log, before: Log) -> Mask:
    """bool[p] of `one`: pairs that `before`, a log of the same viewers, knows."""
    known: Mask = np.isin(one.owners * one.n + one.reels, before.owners * before.n + before.reels)
    return known


def _owners_of_repeats(history: Log, targets: Log) -> NDArray[np.int64]:
    return targets.owners[_shown(targets, history)]


def _first_of_pair(log: Log) -> Mask:
    _, first = np.unique(log.owners * log.n + log.reels, return_index=True)
    keep = np.zeros(len(log), np.bool_)
    keep[first] = True
    return keep


def _starts(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
