import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.core.errors import BadCursor
from reels.recommender.cursor import Cursor, after, page_seed, sign, verify

KEY = b"a key of thirty-two bytes or more"
CURSORS = st.builds(
    Cursor,
    feed_id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    seed=st.integers(0, 2**64 - 1),
    number=st.integers(0, 2**32 - 2),
    mode=st.sampled_from(["for_you", "latest"]),
    issued_at=st.integers(0, 2**32 - 1),
)


@given(CURSORS, st.text(max_size=40))
def test_a_cursor_comes_back_as_it_was_signed(cursor: Cursor, user: str) -> None:
    assert verify(sign(cursor, user, KEY), user, KEY) == cursor


@given(CURSORS, st.data())
def test_one_changed_bit_is_noticed(cursor: Cursor, data: st.DataObject) -> None:
    raw = bytearray(base64.urlsafe_b64decode(sign(cursor, "u", KEY) + "=="))
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadCursor):
        verify(base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode(), "u", KEY)


@given(CURSORS)
def test_it_is_of_one_viewer_and_one_key(cursor: Cursor) -> None:
    token = sign(cursor, "u", KEY)
    for user, key in (("v", KEY), ("u", b"another key")):
        with pytest.raises(BadCursor):
            verify(token, user, key)


@given(st.text(max_size=100))
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(BadCursor):
        verify(token, "u", KEY)


def test_pages_of_a_session_differ_and_one_has_one_successor() -> None:
    first = Cursor("ab" * 16, 3, 0)
    second, third = after(first, 10.9), after(after(first, 11.0), 12.0)
    assert second == Cursor(second.feed_id, 3, 1, "for_you", 10)
    assert after(first, 99.0).feed_id == second.feed_id
    assert len({one.feed_id for one in (first, second, third)}) == 3
    assert len({page_seed(one) for one in (first, second, third)}) == 3
