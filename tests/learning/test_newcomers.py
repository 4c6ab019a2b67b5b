"""New reels follow where their content neighbours do."""

from dataclasses import fields

import numpy as np
import pytest
from tests.learning.logs import histories

from reels.core.types import Floats
from reels.learning import newcomers as module
from reels.learning.cf_matrix import directional
from reels.learning.interactions import Histories
from reels.learning.newcomers import FEW, Told, factors_from_content, handed_on, likeness, newcomer_arrays
from reels.learning.snapshot import Neighbours

# Reels 0-2 are of one kind, 3-5 of another; 6 is new and like 4, 7 is new and without words. After 0 comes 4.
WALKS = [[0, 4]] * 6 + [[1, 2]] * 5 + [[3, 5]] * 5


def content() -> Floats:
    rng = np.random.default_rng(0)
    kinds = np.eye(4)[[0, 0, 0, 1, 2, 1, 2, 3]] + 0.05 * rng.normal(size=(8, 4))
    kinds[7] = 0
    return np.asarray(kinds / np.maximum(np.linalg.norm(kinds, axis=1, keepdims=True), 1e-9), np.float32)


def told(words: dict[int, int] | None = None) -> Told:
    """Content, and a word each of some reels."""
    terms, weights = np.zeros((8, 2), np.int32), np.zeros((8, 2), np.float32)
    for row, word in (words or {}).items():
        terms[row, 0], weights[row, 0] = word, 1.0
    return Told(content(), terms, weights)


def handed(made: Histories, k: int = 3, words: dict[int, int] | None = None) -> Neighbours:
    new, alike = likeness(told(words), np.bincount(made.rows, minlength=8), np.zeros(8))
    return handed_on(directional(made, 5), new, alike, k)


def table(k: int = 3) -> Neighbours:
    return handed(histories(WALKS, 8), k)


def after(made: Neighbours, row: int) -> list[int]:
    return list(map(int, made.indices[made.indptr[row] : made.indptr[row + 1]]))


def test_a_new_reel_comes_after_what_leads_to_the_reels_it_is_like() -> None:
    made = table()
    assert after(made, 0) == [6]
    weights = made.weights[made.indptr[0] : made.indptr[1]]
    others = [made.weights[made.indptr[row] : made.indptr[row + 1]].max(initial=0) for row in (1, 3)]
    assert weights[0] > 5 * max(others), "after 1 and 3 come reels that it is not like"


def test_only_new_reels_with_words_are_named_best_first_and_none_after_itself() -> None:
    made = table()
    assert set(made.indices.tolist()) <= {6}
    for row in range(8):
        mine = made.weights[made.indptr[row] : made.indptr[row + 1]]
        assert (np.diff(mine) <= 0).all()
        assert row not in after(made, row)
    named = int((np.diff(made.indptr) > 0).sum())
    assert (made.weights**2).sum() / named == pytest.approx(1.0, rel=1e-4), "of one new reel: 1 is usual"


def test_a_reel_that_enough_viewers_took_to_is_not_new_any_more() -> None:
    assert not len(handed(histories([*WALKS, [6], [6], [6]], 8)).indices)


def test_a_shared_word_counts_more_than_a_like_meaning() -> None:
    made = histories(WALKS, 8)
    assert after(handed(made, words={6: 77, 2: 77}), 1) == [6], "2 is watched after 1 and says what 6 says"
    by_word, by_meaning = handed(made, words={6: 77, 2: 77}), handed(made)
    share = [one.weights[one.indptr[1] : one.indptr[2]].max() / one.weights.max() for one in (by_word, by_meaning)]
    assert share[0] > 5 * share[1]


def test_factors_follow_from_content_as_the_ridge_regression_says() -> None:
    rng = np.random.default_rng(0)
    x, true = rng.normal(size=(5000, 4)).astype(np.float32), rng.normal(size=(4, 3)).astype(np.float32)
    liked = np.full(5000, 60)
    y = x @ true
    liked[:100], y[:100] = 0, 9.0  # whose factors nobody has learnt don't teach
    np.testing.assert_allclose(factors_from_content(x, y, liked), true, atol=0.01)
    y[100:200] = 0.0
    np.testing.assert_allclose(factors_from_content(x, y, liked), true, atol=0.01)
    few = factors_from_content(x[:103], y[:103], np.where(np.arange(103) < 100, 0, 3))
    assert np.abs(few).max() < 0.5, "few examples: near nothing"


def test_a_large_table_is_summed_in_parts_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table()
    monkeypatch.setattr(module, "ROWS", 3)
    parts = table()
    for one in fields(whole):
        np.testing.assert_array_equal(getattr(whole, one.name), getattr(parts, one.name))


def test_only_the_most_liked_are_compared_with_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KNOWN", 1)
    made = histories([*WALKS, [5], [5], [5], [5]], 8)
    assert np.bincount(made.rows).argmax() == 5
    assert not after(handed(made), 0)


def test_nothing_known_or_nothing_new_is_an_empty_table() -> None:
    nobody = histories([], 8)
    following = directional(nobody, 5)
    factors = np.zeros((8, 3), np.float32)
    found = newcomer_arrays(np.arange(8), nobody, following, following, told(), factors, np.zeros(8), 3)
    for name in ("after", "beside"):
        assert len(found[f"{name}_indices"]) == 0
        assert found[f"{name}_indptr"].tolist() == [0] * 9
    assert found["factors"].tolist() == np.zeros((4, 3)).tolist()
    new, alike = likeness(told(), np.full(8, FEW), np.zeros(8))
    assert len(handed_on(table(), new, alike, 3).indices) == 0
