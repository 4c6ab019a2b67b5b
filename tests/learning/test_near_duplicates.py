"""Near-duplicate groups against brute force, and what must never be a duplicate."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reels.learning.near_duplicates import SHINGLE, near_duplicates

WORDS = (
    "dance",
    "street",
    "food",
    "india",
    "funny",
    "cat",
    "travel",
    "mountain",
    "sunset",
    "guitar",
    "cover",
    "recipe",
)


def jaccard(a: str, b: str) -> float:
    def shingles(text: str) -> set[str]:
        return {text[i : i + SHINGLE] for i in range(max(len(text) - SHINGLE + 1, 1))}

    one, two = shingles(a), shingles(b)
    return len(one & two) / len(one | two)


def brute(texts: list[str]) -> list[int]:
    groups = list(range(len(texts)))
    for i in range(len(texts)):
        for j in range(i):
            if sum(map(str.isalnum, texts[i])) >= 8 and sum(map(str.isalnum, texts[j])) >= 8:
                close = texts[i] == texts[j] or jaccard(texts[i], texts[j]) >= 0.8
                if close and groups[i] != groups[j]:
                    low, high = sorted((groups[i], groups[j]))
                    groups = [low if g == high else g for g in groups]
    return groups


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_equals_brute_force(data: st.DataObject) -> None:
    base = data.draw(st.lists(st.lists(st.sampled_from(WORDS), min_size=6, max_size=14), min_size=1, max_size=6))
    texts = [" ".join(words) for words in base]
    for words in base:
        if data.draw(st.booleans()):
            texts.append(" ".join(words) + data.draw(st.sampled_from(["", "!", " x", " wow"])))
    assert near_duplicates(texts).tolist() == brute(texts)


def test_what_is_never_a_duplicate() -> None:
    texts = ["", "", "lol", "lol", "my first day at the beach part 1", "my first day at the beach part 2"]
    assert near_duplicates(texts).tolist() == [0, 1, 2, 3, 4, 5]
    assert near_duplicates([]).tolist() == []


def test_small_changes_and_other_scripts_are_found() -> None:
    texts = [
        "how to cook the perfect biryani at home with my grandmother",
        "how to cook the perfect biryani at home with my grandmother!",
        "東京で一番おいしいラーメン屋さんを見つけましたので紹介します",
        "a quite different film",
        "東京で一番おいしいラーメン屋さんを見つけましたので紹介します。",
        "how to cook the perfect biryani at home with my grandmother",
    ]
    assert near_duplicates(texts).tolist() == [0, 0, 2, 3, 2, 0]


def test_many_texts_of_one_bucket_stay_linear() -> None:
    rng = np.random.default_rng(0)
    texts = [f"same words again and again {' '.join(rng.choice(WORDS, 12))}" for _ in range(20_000)]
    groups = near_duplicates(texts)
    assert (groups <= np.arange(len(texts))).all()
