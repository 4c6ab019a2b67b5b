"""Every metric against an independent implementation on random cases, and against numbers worked out by hand."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, Qrel, R, ScoredDoc, nDCG
from scipy import sparse
from scipy.stats import mannwhitneyu

from reels.evaluation import metrics
from reels.evaluation.splits import Targets

N = 40


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]]]:
    """Ranked lists and what was asked for, of up to six viewers."""
    q = draw(st.integers(1, 6))
    reels = st.integers(0, N - 1)
    ranked = [draw(st.lists(reels, unique=True, max_size=25)) for _ in range(q)]
    asked = [draw(st.lists(reels, unique=True, min_size=1, max_size=12)) for _ in range(q)]
    return ranked, asked


def columns(ranked: list[list[int]], asked: list[list[int]]) -> tuple[np.ndarray, Targets]:
    rows = np.full((len(ranked), 25), -1, np.int32)
    for i, one in enumerate(ranked):
        rows[i, : len(one)] = one
    counts = [len(one) for one in asked]
    flat = np.array([reel for one in asked for reel in one], np.int32)
    return rows, Targets(np.concatenate(([0], np.cumsum(counts))).astype(np.int64), flat)


@given(cases())
@settings(max_examples=150, deadline=None)
def test_recall_ndcg_and_reciprocal_rank_are_those_of_trec_eval(case: tuple[list[list[int]], list[list[int]]]) -> None:
    ranked, asked = case
    rows, targets = columns(ranked, asked)
    hits = metrics.hits_of(rows, targets, N)
    counts = targets.counts
    mine = {
        **{R @ k: metrics.recall(hits, counts, k) for k in (10, 20)},
        **{nDCG @ k: metrics.ndcg(hits, counts, k) for k in (10, 20, 50)},
        RR: metrics.reciprocal_rank(hits),
    }
    qrels = [Qrel(str(i), str(reel), 1) for i, one in enumerate(asked) for reel in one]
    run = [ScoredDoc(str(i), str(reel), 100.0 - p) for i, one in enumerate(ranked) for p, reel in enumerate(one)]
    theirs = {measure: np.zeros(len(ranked)) for measure in mine}
    for found in ir_measures.iter_calc(list(mine), qrels, run) if run else ():
        theirs[found.measure][int(found.query_id)] = found.value
    for measure, values in mine.items():
        assert values == pytest.approx(theirs[measure]), measure


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=60))
@settings(max_examples=150, deadline=None)
def test_auc_is_mann_whitneys_u(rows: list[tuple[bool, int, int]]) -> None:
    labels = np.array([label for label, _, _ in rows])
    scores = np.array([score for _, score, _ in rows], np.float64)
    owners = np.array([owner for _, _, owner in rows])

    def theirs(mask: np.ndarray) -> float:
        good, bad = scores[mask & labels], scores[mask & ~labels]
        if not len(good) or not len(bad):
            return float("nan")
        return float(mannwhitneyu(good, bad).statistic / (len(good) * len(bad)))

    assert metrics.auc(labels, scores) == pytest.approx(theirs(np.ones(len(rows), bool)), nan_ok=True)
    expected = [theirs(owners == owner) for owner in range(4)]
    assert metrics.auc_by_viewer(labels, scores, owners, 4) == pytest.approx(np.array(expected), nan_ok=True)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
@settings(deadline=None)
def test_gini_is_half_the_relative_mean_difference(counts: list[int]) -> None:
    values = np.array(counts)
    pairs = np.abs(values[:, None] - values[None, :]).mean()
    expected = pairs / (2 * values.mean()) if values.sum() else 0.0
    assert metrics.gini(values) == pytest.approx(expected)


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_diversity_is_the_mean_over_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dense = rng.random((12, 5)) * (rng.random((12, 5)) < 0.5)
    norms = np.linalg.norm(dense, axis=1, keepdims=True)
    dense = np.divide(dense, norms, out=np.zeros_like(dense), where=norms > 0)
    ranked = np.array([rng.permutation(12)[:6], [*rng.permutation(12)[:3], -1, -1, -1]], np.int32)
    found = metrics.diversity(ranked, 5, sparse.csr_matrix(dense))
    for value, rows in zip(found, ranked[:, :5], strict=True):
        known = [row for row in rows if row >= 0 and dense[row].any()]
        cosines = [dense[a] @ dense[b] for i, a in enumerate(known) for b in known[i + 1 :]]
        assert value == pytest.approx(1 - np.mean(cosines) if cosines else np.nan, nan_ok=True)


def test_numbers_worked_out_by_hand() -> None:
    ranked = np.array([[3, 1, 2], [0, -1, -1]], np.int32)
    targets = Targets(np.array([0, 2, 3]), np.array([1, 9, 4], np.int32))
    hits = metrics.hits_of(ranked, targets, 10)
    assert hits.tolist() == [[False, True, False], [False, False, False]]
    assert metrics.recall(hits, targets.counts, 2).tolist() == [0.5, 0.0]
    assert metrics.reciprocal_rank(hits).tolist() == [0.5, 0.0]
    best = 1 + 1 / np.log2(3)
    assert metrics.ndcg(hits, targets.counts, 3) == pytest.approx([1 / np.log2(3) / best, 0.0])
    exposure = metrics.exposure_of(ranked, 2, 10)
    assert exposure.tolist() == [1, 1, 0, 1, 0, 0, 0, 0, 0, 0]
    allowed = np.arange(10) < 6
    assert metrics.coverage(exposure, allowed) == 0.5
    assert metrics.share_of(ranked, 3, np.arange(10) == 3) == pytest.approx([1 / 3, 0.0])
    seen = np.array([7, 3, 1, 0, 0, 0, 0, 0, 0, 0])
    assert metrics.novelty(ranked, 2, seen, 7) == pytest.approx([(3 + 1) / 2, 0.0])


def test_an_empty_list_of_a_viewer_has_no_share_and_no_novelty() -> None:
    empty = np.full((1, 5), -1, np.int32)
    assert np.isnan(metrics.share_of(empty, 5, np.ones(3, bool))).all()
    assert np.isnan(metrics.novelty(empty, 5, np.ones(3, np.int64), 3)).all()
    assert metrics.recall(
        metrics.hits_of(empty, Targets(np.array([0, 1]), np.array([0], np.int32)), 3), np.array([1]), 5
    ) == [0]


def test_coverage_of_fewer_viewers_is_what_drawing_them_gives_on_average() -> None:
    rng = np.random.default_rng(5)
    ranked = np.array([rng.permutation(30)[:4] for _ in range(40)], np.int32)
    allowed = np.ones(30, np.bool_)
    allowed[:3] = False
    exposure = metrics.exposure_of(ranked, 4, 30)
    drawn = [
        metrics.coverage(metrics.exposure_of(ranked[rng.choice(40, 7, replace=False)], 4, 30), allowed)
        for _ in range(4000)
    ]
    assert metrics.coverage_of(exposure, allowed, 40, 7) == pytest.approx(np.mean(drawn), abs=0.005)
    assert metrics.coverage_of(exposure, allowed, 40, 40) == pytest.approx(metrics.coverage(exposure, allowed))
    assert np.isnan(metrics.coverage_of(exposure, allowed, 40, 41))
