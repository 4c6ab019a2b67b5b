from hypothesis import given
from hypothesis import strategies as st

from reels_app.components.why_sheet import shares
from reels_app.models import PART_NAMES


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
