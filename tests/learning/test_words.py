"""Words of reels, and which are alike by them."""

import numpy as np

from reels.core.ports import StoredReel
from reels.core.types import Reel
from reels.learning.catalogue import Catalogue, catalogue_of
from reels.learning.words import TERMS, bucket_of, word_arrays, word_rows


def shelf(*titles: str, tags: tuple[str, ...] = (), creator: str = "") -> Catalogue:
    reels = [Reel(str(i), title=title, tags=tags, creator_id=creator) for i, title in enumerate(titles)]
    return catalogue_of([StoredReel(one, 0.0, 0.0, "") for one in reels])


def test_rows_are_unit_and_heaviest_first() -> None:
    terms, weights = word_rows(shelf("bread and butter", "bread and jam", "bread at home", "a cat", "a dog", "cat dog"))
    assert terms.shape == weights.shape == (6, TERMS)
    assert (np.diff(weights, axis=1) <= 0).all()
    known = weights[:, 0] > 0
    np.testing.assert_allclose((weights[known] ** 2).sum(axis=1), 1.0, rtol=1e-6)


def test_a_rare_word_weighs_more_and_a_lone_one_nothing() -> None:
    many = shelf("tango red", "tango red", *["red blue"] * 3, *["green"] * 30, "once")
    terms, weights = word_rows(many)
    row = many.ids.index("0")
    weight = dict(zip(terms[row].tolist(), weights[row].tolist(), strict=True))
    assert weight[bucket_of("tango")] > weight[bucket_of("red")]
    assert not weights[many.ids.index("35")].any()


def test_the_nearest_share_most_words() -> None:
    made = shelf("sour dough bread", "sour dough bread oven", "sour cream", "kick flip", "kick flip board", "board")
    arrays = word_arrays(made, 3)
    row = made.ids.index("0")
    near = arrays["alike_indices"][arrays["alike_indptr"][row] : arrays["alike_indptr"][row + 1]]
    assert made.ids[near[0]] == "1"
    assert {made.ids[i] for i in near} <= {"1", "2"}
    assert arrays["alike_weights"].max() == 1.0


def test_tags_count_whole_and_creators_count() -> None:
    made = shelf("x one", "y two", tags=("slow travel",), creator="ada")
    terms, weights = word_rows(made)
    assert bucket_of("#slow travel") in terms[0][weights[0] > 0]
    assert len(np.intersect1d(terms[0][weights[0] > 0], terms[1][weights[1] > 0])) >= 4
