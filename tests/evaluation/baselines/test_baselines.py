"""Each baseline against a direct computation, or on viewers whose taste is plain."""

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.tiny import NOW, catalogue, clusters, context, ids, log

from reels.evaluation.baselines.bpr import Bpr
from reels.evaluation.baselines.content import TfIdf, Use, centred
from reels.evaluation.baselines.ease import Ease, ease_weights
from reels.evaluation.baselines.ials import Ials
from reels.evaluation.baselines.item_knn import Bm25, Cosine
from reels.evaluation.baselines.popularity import Popularity
from reels.evaluation.baselines.rates import ReelRate, ReelViewerRate
from reels.evaluation.baselines.recent_popularity import RecentPopularity
from reels.evaluation.baselines.sequence import Sequence
from reels.evaluation.baselines.watched_next import WatchedNext
from reels.evaluation.baselines.z_mix import ZMix
from reels.evaluation.log import log_of
from reels.evaluation.recommenders import NotApplicable, Recommender, Scoring, ranked
from reels.evaluation.splits import leave_last_out
from reels.learning.sequence import SequenceConfig

NO = False


@pytest.mark.parametrize("recommender", [TfIdf(), Cosine(), Bm25(), Ials(8), Ease(5.0), WatchedNext()])
def test_whoever_likes_one_group_is_recommended_that_group(recommender: Recommender) -> None:
    reels, made = clusters()
    fitted = recommender.fit(made, context(reels, now=float(made.at.max())))
    assert isinstance(fitted, Scoring)
    rows = ranked(fitted, made, 4, np.ones(reels.n, bool))
    own = reels.creators[made.reels[made.indptr[:-1]]]
    assert (reels.creators[rows] == own[:, None]).mean() > 0.95


def test_bpr_learns_the_group_and_reads_a_stranger_from_history() -> None:
    reels, made = clusters(200)
    fitted = Bpr().fit(made.at_positions(np.arange(150)), context(reels))
    for viewers in (made.at_positions(np.arange(150)), made.at_positions(np.arange(150, 200))):
        rows = ranked(fitted, viewers, 4, np.ones(reels.n, bool))
        own = reels.creators[viewers.reels[viewers.indptr[:-1]]]
        assert (reels.creators[rows] == own[:, None]).mean() > 0.6  # by chance 0.17


def test_ease_is_its_closed_form() -> None:
    reels, made = clusters(30, 25)
    x = made.matrix().toarray().astype(np.float64)
    p = np.linalg.inv(x.T @ x + 7.0 * np.eye(25))
    expected = -p / np.diag(p)[None, :]
    np.fill_diagonal(expected, 0)
    found = ease_weights(made, 7.0)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.flags.c_contiguous  # else a sparse product copies all of it, every time
    assert found.shape == (reels.n, reels.n)


def test_ease_blocks_cover_a_matrix_larger_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from reels.learning import ease

    _, made = clusters(30, 25)
    whole = ease_weights(made, 7.0)
    solution = ease.solution
    monkeypatch.setattr(ease, "solution", lambda inverse: solution(inverse, block=7))
    np.testing.assert_allclose(ease_weights(made, 7.0), whole, atol=1e-6)


def test_a_catalogue_too_large_for_ease_is_said_to_be() -> None:
    _, made = clusters()
    with pytest.raises(NotApplicable, match="50,000 reels"):
        Ease().fit(replace(made, n=50_000), context(catalogue(1)))


def test_cosine_neighbours_are_cosines_over_viewers() -> None:
    reels = catalogue(3)
    made = log([["1", "2"], ["1", "2"], ["1"], ["3"]], reels)
    similarity = Cosine().fit(made, context(reels)).similarity
    one, two, three = reels.rows_of(["1", "2", "3"])
    assert similarity[one, two] == pytest.approx(2 / np.sqrt(3 * 2))
    assert similarity[one, one] == similarity[one, three] == 0


def test_watched_next_goes_forward_only() -> None:
    reels = catalogue(4)
    made = log([["1", "2"]] * 5 + [["3", "4"]] * 5, reels)
    fitted = WatchedNext().fit(made, context(reels))
    viewers = log([["1"], ["2"]], reels)
    first, second = fitted.scores(viewers)
    assert ids(np.flatnonzero(first), reels) == ["2"]
    assert not second.any()


def test_popularity_counts_positives_and_recent_popularity_lets_them_fade() -> None:
    reels = catalogue(3)
    day = 24
    made = log([["1"], ["1"], ["2"], [("3", NO), ("3", NO), ("3", NO)]], reels)
    late = log([*[[("3", NO)] * (4 * day) + ["2"]] * 1, *[["1"]] * 2], reels)
    asked = made.at_positions(np.array([0]))
    (counts,) = Popularity().fit(made, context(reels)).scores(asked)
    assert counts[reels.rows_of(["1", "2", "3"])].tolist() == [2, 1, 0]
    now = float(late.at.max())
    (recent,) = RecentPopularity(2.0).fit(late, context(reels, now=now)).scores(asked)
    assert recent[reels.rows_of(["1", "2", "3"])] == pytest.approx([2 * 0.25, 1.0, 0.0])


def test_the_mix_is_the_sum_of_its_standardised_parts() -> None:
    reels, made = clusters()
    ready = context(reels, now=float(made.at.max()))
    parts: list[Scoring] = [Ease().fit(made, ready), TfIdf().fit(made, ready), RecentPopularity().fit(made, ready)]
    ease, content, recent = (np.asarray(part.scores(made), np.float64) for part in parts)
    expected = sum(
        weight * (part - part.mean(1, keepdims=True)) / part.std(1, keepdims=True)
        for weight, part in ((0.35, ease), (0.1, content), (0.55, np.log1p(recent)))
    )
    np.testing.assert_allclose(ZMix().fit(made, ready).scores(made), expected, atol=1e-4)


def test_rates_are_smoothed_log_odds_and_the_viewers_rate_moves_all_alike() -> None:
    reels = catalogue(2)
    made = log([["1", ("2", NO)], ["1", ("2", NO)], ["1", "1"]], reels)
    mean = 4 / 6
    reel = ReelRate().fit(made, context(reels)).scores(made)
    rate = (4 + 10 * mean) / (4 + 10)
    assert reel[0, reels.rows_of(["1"])[0]] == pytest.approx(np.log(rate / (1 - rate)))
    both = ReelViewerRate().fit(made, context(reels)).scores(made)
    moved = both - reel
    assert np.ptp(moved, axis=1) == pytest.approx([0, 0, 0], abs=1e-6)
    assert moved[2, 0] > moved[0, 0] == moved[1, 0]


def test_what_the_data_do_not_have_is_said() -> None:
    reels = catalogue(3)
    made = log([["1", "2"]], reels)
    for recommender, why in ((ReelRate(), "every exposure"), (Use(), "no titles"), (TfIdf(), "share a word")):
        with pytest.raises(NotApplicable, match=why):
            recommender.fit(made, context(reels))


def test_centring_keeps_empty_texts_at_zero() -> None:
    raw = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    found = centred(raw)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 0])


@pytest.mark.parametrize("recommender", [Popularity(), Cosine(), Ials(), WatchedNext(), Ease(), TfIdf()])
def test_viewers_nobody_knows_are_answered(recommender: Recommender) -> None:
    reels, made = clusters()
    fitted = recommender.fit(made, context(reels, now=NOW))
    stranger = replace(made.where(np.zeros(len(made), bool)), viewers=made.viewers + 1000)
    assert isinstance(fitted, Scoring)
    assert np.isfinite(fitted.scores(stranger)).all()


def test_a_baseline_on_a_split_never_answers_what_it_learnt() -> None:
    reels, made = clusters()
    split = leave_last_out(made)
    fitted = Cosine().fit(split.train, context(reels))
    (question,) = split.questions
    rows = ranked(fitted, question.history, 10, question.allowed)
    for i, row in enumerate(rows):
        mine = question.history.reels[question.history.indptr[i] : question.history.indptr[i + 1]]
        assert not set(row[row >= 0]) & set(mine)


@pytest.mark.torch
def test_the_sequence_model_expects_what_came_next_to_others() -> None:
    pytest.importorskip("torch")
    steps, n = 6, 20
    walks = (np.arange(80)[:, None] + np.arange(steps)) % n  # after reel i comes reel i + 1
    users = np.repeat(np.arange(len(walks)), steps)
    at = NOW + np.tile(np.arange(steps), len(walks)).astype(float)
    reels = catalogue(n)
    made = log_of(users, walks.ravel(), at, np.ones(walks.size, bool), n)
    few = SequenceConfig(dim=16, length=8, epochs=60, places=80, negatives=32, learning_rate=5e-3, dropout=0.0)
    fitted = Sequence(few).fit(made, context(reels))
    assert isinstance(fitted, Scoring)
    best = ranked(fitted, made, 3, np.ones(n, bool))
    assert (best == (walks[:, -1:] + 1) % n).any(axis=1).mean() > 0.9


def test_without_torch_the_sequence_model_is_not_applicable(monkeypatch: pytest.MonkeyPatch) -> None:
    from reels.evaluation.baselines import sequence

    monkeypatch.setattr(sequence, "has_torch", lambda: False)
    reels, made = clusters()
    with pytest.raises(NotApplicable, match="make torch"):
        Sequence().fit(made, context(reels))
