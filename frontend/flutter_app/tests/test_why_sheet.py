from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reels_app.components.why_sheet import percents, reasons, shares
from reels_app.models import PART_NAMES, Reel
from reels_app.strings import catalogue


def reel(**more: Any) -> Reel:
    return Reel.from_json({"reel_id": "r1", **more}, str)


def test_reasons_are_in_the_viewers_language() -> None:
    one = reel(reasons=["Because you liked “Tide”", "Popular now"], reason_codes=["liked|Tide", "popular"])
    assert reasons(catalogue("es"), one) == ["Porque te gustó «Tide»", "Popular ahora"]
    assert reasons(catalogue("en"), one) == ["Because you liked “Tide”", "Popular now"]


def test_an_api_without_codes_or_with_unknown_ones_is_taken_at_its_word() -> None:
    assert reasons(catalogue("hi"), reel(reasons=["Popular now"])) == ["Popular now"]
    assert reasons(catalogue("hi"), reel(reasons=["Odd"], reason_codes=["odd|1", "popular"])) == ["Odd"]


def test_a_pick_outside_the_usual_is_told_once() -> None:
    one = reel(reasons=["Something different", "Fresh"], reason_codes=["explored", "fresh"], explored=True)
    assert reasons(catalogue("en"), one) == ["Fresh"]


def test_nothing_known_shows_nothing() -> None:
    assert shares({}) == []
    assert shares({"cf": 0.0}) == []


def test_the_order_is_always_the_same() -> None:
    assert [name for name, _ in shares({"exploration": 1, "content": 1})] == ["content", "exploration"]


@given(st.dictionaries(st.sampled_from(PART_NAMES), st.floats(-1, 1), min_size=1))
def test_shares_make_a_whole(parts: dict[str, float]) -> None:
    made_of = shares(parts)
    assert not made_of or abs(sum(share for _, share in made_of) - 1) < 1e-9
    assert all(share > 0 for _, share in made_of)


def test_percents_are_whole_and_sum_to_a_hundred() -> None:
    assert percents(shares({"content": 0.515, "popularity": 0.466, "exploration": 0.019})) == [51, 47, 2]
    assert percents([]) == []


@given(st.dictionaries(st.sampled_from(PART_NAMES), st.floats(0.001, 1), min_size=1))
def test_percents_stay_near_their_shares(parts: dict[str, float]) -> None:
    made_of = shares(parts)
    whole = percents(made_of)
    assert sum(whole) == 100
    assert all(abs(percent - share * 100) < 1 for percent, (_, share) in zip(whole, made_of, strict=True))
