"""Cleaning on hard Unicode."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.learning.preprocessing import MAX_TAGS, clean, content_hash


@pytest.mark.parametrize(
    "title, tags, words, kept",
    [
        ("so bad. # comic # Two Yuan # My destiny villain", [], "so bad.", ("comic", "two yuan", "my destiny villain")),
        ("dance #ViralDance#Reels now", [], "dance now", ("viral dance", "reels")),
        ("#1 hit of the week", [], "1 hit of the week", ()),
        ("Learn C# today", [], "learn c# today", ()),
        ("＃東京 ラーメン", [], "ラーメン", ("東京",)),
        ("𝓕𝓪𝓷𝓬𝔂 ｆｕｌｌ ﬁne", [], "fancy full fine", ()),
        ("STRASSE straße", [], "strasse strasse", ()),
        ("zero\u200bwidth\u200d\ufeff soft\u00adhyphen \u202eright", [], "zerowidth softhyphen right", ()),
        ("line\none\ttab\x00nul", [], "line one tab nul", ()),
        ("👩‍👩‍👧 family 👍🏽 day 🇮🇳", [], "family day", ()),
        ("1️⃣ step #️⃣", [], "1 step", ()),
        ("see https://x.y/z?a=1#b and www.a.com/q bit.ly/3x now", [], "see and now", ()),
        ("wow!!!!! what??? ... no", [], "wow! what? . no", ()),
        ("soooooo goood 100000", [], "soo goood 100000", ()),
        ("Tom &amp; Jerry", [], "tom & jerry", ()),
        ("क्या बात है #हिंदी", [], "क्या बात है", ("हिंदी",)),
        ("\ud800 lone", [], "lone", ()),
        ("🤣🤣🤣", ["🔥"], "", ()),
        ("", [], "", ()),
        ("!!! ??? ...", ["", "#", "--"], "", ()),
        ("x", ["cat", "Cats", "CAT", "c_a_t"], "x", ("cat",)),
        ("x", ["summerFood", "summer_food", "Summer Foods", "summer-food"], "x", ("summer food",)),
        ("x", ["stories", "story", "boxes", "box"], "x", ("stories", "boxes")),
        ("x", ["iPhone", "NASALaunch", "BTSArmy"], "x", ("iphone", "nasa launch", "bts army")),
        ("x #cats", ["cat"], "x", ("cat",)),
        (
            "watch # this is clearly a long sentence and not a tag",
            [],
            "watch this is clearly a long sentence and not a tag",
            (),
        ),
    ],
)
def test_cleaning(title: str, tags: list[str], words: str, kept: tuple[str, ...]) -> None:
    cleaned = clean(title, tags)
    assert cleaned.title == words
    assert cleaned.tags == kept
    assert cleaned.text == " ".join(part for part in (words, *kept) if part)


def test_canonically_equal_texts_have_one_hash() -> None:
    a = clean(unicodedata.normalize("NFD", "Café crème"), ["Été"])
    b = clean(unicodedata.normalize("NFC", "CAFÉ CRÈME "), ["#été"])
    assert content_hash(a) == content_hash(b)


def test_hash_tells_title_from_tags() -> None:
    assert content_hash(clean("a b", [])) != content_hash(clean("a", ["b"]))
    assert len(content_hash(clean("", []))) == 32


def test_absurd_input_is_cut() -> None:
    cleaned = clean("word " * 100_000 + "\u0301" * 1000, [f"tag{i}x" for i in range(1000)])
    assert len(cleaned.title) <= 2000
    assert len(cleaned.tags) == MAX_TAGS


def test_stacked_marks_are_cut() -> None:
    assert len(clean("z" + "\u0335" * 50, []).title) <= 3


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=6))
def test_never_fails_and_leaves_nothing_to_clean(title: str, tags: list[str]) -> None:
    cleaned = clean(title, tags)
    for part in (cleaned.title, *cleaned.tags):
        assert part == part.strip()
        assert "  " not in part
        assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "So"} for char in part)
    assert all(cleaned.tags)
    assert len(set(cleaned.tags)) == len(cleaned.tags)
    cleaned.text.encode()


@given(st.text(alphabet="abc \n!#😀éĀßΣ", max_size=40))
def test_cleaning_twice_changes_no_title(title: str) -> None:
    once = clean(title).title
    if "#" not in once:
        assert clean(once).title == once
