from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.tiny import catalogue

from reels.core.types import Floats
from reels.evaluation.texts import texts_of, tfidf
from reels.learning.embedders import HashEmbedder


def test_the_weights_are_those_of_the_formula_and_rows_are_unit() -> None:
    rows = tfidf([["a", "a", "b"], ["a", "b"], ["c"], ["d"], *[["x"]] * 6]).toarray()
    assert rows.shape == (10, 2)  # c and d are in one reel each, x in too many
    idf = 1 + np.log(11 / 3)
    raw = np.array([(1 + np.log(2)) * idf, idf])
    assert rows[0] == pytest.approx(raw / np.linalg.norm(raw))
    assert rows[1] == pytest.approx([2**-0.5, 2**-0.5])
    assert not rows[2:].any()


def test_reels_of_one_creator_or_tag_are_alike_without_titles() -> None:
    reels = catalogue(12, creators=6)
    likeness = (matrix := texts_of(reels).tfidf) @ matrix.T
    same = reels.creators[:, None] == reels.creators[None, :]
    assert (likeness.toarray() > 0.99).tolist() == same.tolist()


class Counting(HashEmbedder):
    asked = 0

    def embed(self, texts: Sequence[str]) -> Floats:
        Counting.asked += len(texts)
        return super().embed(texts)


def test_equal_texts_are_embedded_once_and_kept(tmp_path: Path) -> None:
    reels = catalogue(6, titles=["same words"] * 4 + ["other words"])
    Counting.asked = 0
    first = texts_of(reels, tmp_path).embedded(Counting())
    assert Counting.asked == 3  # "same words", "other words", ""
    again = texts_of(reels, tmp_path).embedded(Counting())
    assert Counting.asked == 3
    np.testing.assert_array_equal(first, again)
    titles = [reel.title for reel in reels.reels]
    np.testing.assert_array_equal(first, HashEmbedder().embed(titles))
    texts_of(catalogue(6, titles=["changed"] * 6), tmp_path).embedded(Counting())
    assert Counting.asked == 4
