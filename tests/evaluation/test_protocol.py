"""The protocol on recommenders whose numbers are known beforehand."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from tests.evaluation.tiny import HOUR, NOW, catalogue, clusters, context, log

from reels.core.types import Floats, Mask, Rows
from reels.evaluation import protocol
from reels.evaluation.log import Log
from reels.evaluation.protocol import Outcome, run
from reels.evaluation.recommenders import Context, NotApplicable, ranked
from reels.evaluation.splits import Question, Split, exposures, leave_last_out, temporal

NO = False


@dataclass
class Prophet:
    """Knows the answers: scores them 1 and all others by row, below. `wrong` turns it upside down."""

    question: Question
    wrong: bool = False
    name: str = "prophet"
    about: str = ""

    def fit(self, train: Log, context: Context) -> "Prophet":
        return self

    def scores(self, viewers: Log) -> np.ndarray:
        table = np.tile(-np.arange(viewers.n) / viewers.n, (len(viewers.viewers), 1))
        for i, who in enumerate(viewers.viewers):
            at = int(np.searchsorted(self.question.history.viewers, who))
            targets = self.question.targets
            table[i, targets.reels[targets.indptr[at] : targets.indptr[at + 1]]] = -5.0 if self.wrong else 1.0
        return table


@dataclass
class OwnList:
    """The same recommender with a list of its own and an opinion on pairs."""

    inner: Prophet
    name: str = "own list"
    about: str = ""

    def fit(self, train: Log, context: Context) -> "OwnList":
        return self

    def rank(self, viewers: Log, k: int, allowed: Mask) -> Rows:
        return ranked(self.inner, viewers, k, allowed)

    def pair_scores(self, viewers: Log, exposures: Log) -> Floats:
        return self.inner.scores(viewers)[exposures.owners, exposures.reels].astype(np.float32)


@dataclass
class Judge:
    """Has an opinion on what was shown and nothing else: the later reel is the better one."""

    name: str = "judge"
    about: str = ""
    makes_lists: bool = False
    fitted: int = 0

    def fit(self, train: Log, context: Context) -> "Judge":
        self.fitted += 1
        return self

    def pair_scores(self, viewers: Log, exposures: Log) -> Floats:
        return exposures.reels.astype(np.float32)


def mean(outcome: Outcome, metric: str) -> float:
    return outcome.answers[0].estimates[metric].mean


def exposed() -> tuple[Split, Context]:
    reels = catalogue(30, titles=[f"word{i % 6} pair" for i in range(30)], creators=5)
    made = log([["1", ("2", NO), str(3 + u), (str(20 + u), NO), str(10 + u)] for u in range(8)], reels)
    return temporal(made, NOW + 2 * HOUR), context(reels)


def test_who_knows_the_answers_gets_everything_right() -> None:
    split, ready = exposed()
    outcome = run(Prophet(split.questions[0]), split, ready)
    for metric in ("recall@10", "recall@20", "recall@300", "ndcg@10", "ndcg@20", "mrr", "auc", "gauc"):
        assert mean(outcome, metric) == 1.0, metric
    answer = outcome.answers[0]
    assert (answer.viewers, answer.targets) == (8, 16)
    assert answer.estimates["recall@10"].low == 1.0


def test_who_avoids_them_gets_everything_wrong() -> None:
    split, ready = exposed()
    outcome = run(Prophet(split.questions[0], wrong=True), split, ready)
    for metric in ("recall@10", "ndcg@20", "auc", "gauc"):
        assert mean(outcome, metric) == 0.0, metric
    assert mean(outcome, "recall@300") == 1.0  # all reels are ranked


@pytest.mark.parametrize(("limit", "value"), [("BATCH", 3), ("CELLS", 10)])
def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    split, ready = exposed()
    whole = run(Prophet(split.questions[0]), split, ready).answers[0].estimates
    monkeypatch.setattr(protocol, limit, value)
    parts = run(Prophet(split.questions[0]), split, ready).answers[0].estimates
    assert whole == parts


def test_a_list_of_its_own_gets_the_same_numbers_as_the_scores_behind_it() -> None:
    split, ready = exposed()
    plain = Prophet(split.questions[0])
    scored, listed = (run(one, split, ready).answers[0].estimates for one in (plain, OwnList(plain)))
    assert scored == listed


def test_what_lies_beyond_accuracy_is_measured_against_training() -> None:
    split, ready = exposed()
    outcome = run(Prophet(split.questions[0]), split, ready)
    rows = ranked(Prophet(split.questions[0]), split.questions[0].history, 10, np.ones(30, bool))
    counts = split.train.counts()
    assert mean(outcome, "coverage@10") == len(np.unique(rows)) / 30
    assert mean(outcome, "new_reels@10") == pytest.approx((counts[rows] <= 5).mean())
    by_creator = np.bincount(ready.catalogue.creators, counts)
    small = by_creator[ready.catalogue.creators] < np.median(by_creator)
    assert mean(outcome, "small_creators@10") == pytest.approx(small[rows].mean())


def test_without_creators_nothing_is_said_of_small_ones() -> None:
    reels, made = clusters()
    reels = replace(reels, creators=np.full(reels.n, -1, np.int32))
    split = leave_last_out(made)
    outcome = run(Prophet(split.questions[0]), split, context(reels))
    assert "small_creators@10" not in outcome.answers[0].estimates
    assert "auc" not in outcome.answers[0].estimates


def test_progress_is_told() -> None:
    split, ready = exposed()
    said: list[tuple[str, int, int]] = []
    run(Prophet(split.questions[0]), split, ready, lambda what, done, total: said.append((what, done, total)))
    assert said[0][0] == "temporal: fitting prophet"
    assert said[-1] == ("after the cut: prophet", 8, 8)


def shown_only() -> tuple[Split, Context]:
    reels = catalogue(4)
    rows = reels.rows_of(["1", "2", "3", "4"])
    late = [reels.reels[row].reel_id for row in sorted(rows.tolist())]
    good, bad = late[-1], late[0]
    made = log([["1", (bad, NO), good], ["1", good, (bad, NO)], ["1", (bad, NO), (good, NO)]], reels)
    return exposures(made, NOW + HOUR), context(reels)


def test_a_model_of_exposures_alone_is_measured_on_all_that_was_shown() -> None:
    split, ready = shown_only()
    outcome = run(Judge(), split, ready)
    assert mean(outcome, "auc") == pytest.approx(7 / 8)  # pairs of 2 good and 4 bad; the third viewer's good one ties
    assert mean(outcome, "gauc") == 1.0
    assert outcome.answers[0].viewers == 3
    assert set(outcome.answers[0].estimates) == {"auc", "gauc"}


def test_it_is_not_even_fitted_where_lists_are_asked_for() -> None:
    (split, ready), judge = exposed(), Judge()
    with pytest.raises(NotApplicable, match="makes no lists"):
        run(judge, split, ready)
    assert not judge.fitted


def test_who_scores_every_reel_is_asked_about_what_was_shown_as_well() -> None:
    split, ready = shown_only()

    class Everything(Judge):
        makes_lists = True

        def scores(self, viewers: Log) -> np.ndarray:
            return np.tile(np.arange(viewers.n, dtype=np.float32), (len(viewers.viewers), 1))

        pair_scores = None  # type: ignore[assignment]

    assert mean(run(Everything(), split, ready), "gauc") == 1.0
