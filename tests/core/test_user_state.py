import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.core.errors import UnreadableState
from reels.core.keys import key_of
from reels.core.types import Event, EventKind, User, UserState
from reels.core.user_state import (
    HISTORY_LIMIT,
    NAMES_CREATOR,
    bit,
    digest,
    fold,
    fold_columns,
    new_state,
    pack,
    unpack,
)

USER = User("u_viewer", created_at=0.0, region="IN", language="hi")
EMPTY = new_state(USER)


def event(kind: EventKind, reel: str = "a", at: float = 100.0, creator: str = "maya", **more: float) -> Event:
    return Event(f"{kind}-{reel}-{at}", USER.user_id, reel, kind, at, creator_id=creator, **more)  # type: ignore[arg-type]


def keys(*ids: str) -> list[int]:
    return [key_of(one) for one in ids]


EVENTS = st.lists(
    st.builds(
        event,
        kind=st.sampled_from(EventKind),
        reel=st.sampled_from([f"r{i}" for i in range(12)]),
        at=st.integers(0, 8).map(float),
        creator=st.sampled_from(["", "maya", "noor", "ravi"]),
        watch_sec=st.none() | st.floats(0, 86_400),
        duration_sec=st.none() | st.sampled_from([0.0, 0.5, 7.0, 30.0]),
    ),
    max_size=40,
)


@given(EVENTS, st.randoms(use_true_random=False), st.sampled_from([None, 4.0]))
def test_any_order_batching_and_repetition_gives_the_same_state(
    events: list[Event], chance: random.Random, reset_at: float | None
) -> None:
    start = new_state(User("u_viewer", 0.0, reset_at=reset_at))
    whole = fold(start, events)
    again = events + chance.sample(events, chance.randint(0, len(events)))
    chance.shuffle(again)
    state = start
    while again:
        size = chance.randint(1, 7)
        state = fold(state, again[:size])
        again = again[size:]
    assert digest(state) == digest(whole)


@given(EVENTS)
def test_a_packed_state_comes_back_the_same(events: list[Event]) -> None:
    state = fold(EMPTY, events)
    back = unpack(pack(state))
    assert pack(back) == pack(state)
    assert (back.user_id, back.region, back.language) == ("u_viewer", "IN", "hi")
    for name in ("history", "history_value", "liked", "saved", "not_interested", "following", "blocked"):
        np.testing.assert_array_equal(getattr(back, name), getattr(state, name))


@given(EVENTS)
def test_values_stay_within_minus_one_and_one(events: list[Event]) -> None:
    value = fold(EMPTY, events).history_value
    assert np.isfinite(value).all()
    assert (np.abs(value) <= 1).all()


@pytest.mark.parametrize(
    ("on", "off", "field", "target"),
    [
        (EventKind.LIKE, EventKind.UNLIKE, "liked", "a"),
        (EventKind.SAVE, EventKind.UNSAVE, "saved", "a"),
        (EventKind.NOT_INTERESTED, EventKind.UNDO_NOT_INTERESTED, "not_interested", "a"),
        (EventKind.FOLLOW, EventKind.UNFOLLOW, "following", "maya"),
        (EventKind.BLOCK, EventKind.UNBLOCK, "blocked", "maya"),
    ],
)
def test_the_newest_switch_decides_and_off_wins_a_tie(on: EventKind, off: EventKind, field: str, target: str) -> None:
    def after(*events: Event) -> list[int]:
        return list(getattr(fold(EMPTY, events), field))

    assert after(event(on)) == keys(target)
    assert after(event(on, at=5), event(off, at=6)) == []
    assert after(event(off, at=6), event(on, at=5)) == []
    assert after(event(on, at=5), event(off, at=5)) == []
    assert after(event(on, at=5), event(off, at=6), event(on, at=7)) == keys(target)


def value_after(*events: Event) -> float:
    state = fold(EMPTY, events)
    return float(state.history_value[state.history.tolist().index(key_of("a"))])


def test_value_is_the_strongest_signal_and_a_no_wins() -> None:
    watched = event(EventKind.WATCH, watch_sec=10, duration_sec=10)
    assert value_after(watched) == pytest.approx(0.7)
    assert value_after(event(EventKind.SKIP)) == pytest.approx(-0.4)
    assert value_after(event(EventKind.SKIP), watched) == pytest.approx(0.7)
    assert value_after(watched, event(EventKind.LIKE)) == pytest.approx(0.9)
    assert value_after(watched, event(EventKind.LIKE), event(EventKind.UNLIKE, at=101)) == pytest.approx(0.7)
    assert value_after(event(EventKind.SHARE), event(EventKind.NOT_INTERESTED)) == -1.0
    assert value_after(event(EventKind.SHARE), event(EventKind.BLOCK)) == -1.0


def test_an_unfollow_on_another_reel_takes_the_follow_back() -> None:
    follow = event(EventKind.FOLLOW, "a")
    assert value_after(follow) == pytest.approx(0.9)
    assert value_after(follow, event(EventKind.UNFOLLOW, "b", at=101)) == 0.0


def test_the_largest_watched_share_counts_and_loops_count_past_one() -> None:
    state = fold(
        EMPTY,
        [event(EventKind.WATCH, at=at, watch_sec=sec, duration_sec=10) for at, sec in ((1, 25), (2, 5), (3, 1))],
    )
    assert state.history_watched.tolist() == [2.5]
    assert state.history_at.tolist() == [3]


def test_a_watch_without_a_duration_has_no_share() -> None:
    state = fold(EMPTY, [event(EventKind.WATCH, watch_sec=5)])
    assert math.isnan(state.history_watched[0])
    assert state.history_value.tolist() == [0]


def test_an_impression_alone_leaves_the_viewer_cold() -> None:
    assert fold(EMPTY, [event(EventKind.IMPRESSION)]) is EMPTY
    assert EMPTY.is_cold


def test_kinds_are_kept_as_bits() -> None:
    state = fold(EMPTY, [event(EventKind.LIKE), event(EventKind.SHARE)])
    assert state.history_kinds.tolist() == [bit(EventKind.LIKE) | bit(EventKind.SHARE)]
    assert len({bit(kind) for kind in EventKind}) == len(EventKind)


def test_history_is_oldest_first_and_the_oldest_beyond_the_limit_are_forgotten() -> None:
    many = [event(EventKind.LIKE, f"r{i}", at=float(i)) for i in range(HISTORY_LIMIT + 10)]
    state = fold(EMPTY, many[::-1])
    assert state.history.tolist() == keys(*(f"r{i}" for i in range(10, HISTORY_LIMIT + 10)))
    assert state.liked.tolist() == keys(*(f"r{i}" for i in range(HISTORY_LIMIT + 10)))


def test_a_reset_forgets_taste_but_keeps_saved_followed_and_blocked() -> None:
    fresh = new_state(User("u_viewer", 0.0, reset_at=200.0))
    before = [event(kind) for kind in (EventKind.LIKE, EventKind.SAVE, EventKind.FOLLOW, EventKind.NOT_INTERESTED)]
    state = fold(fresh, [*before, event(EventKind.BLOCK, "b", creator="noor")])
    assert state.is_cold
    assert (len(state.liked), len(state.not_interested)) == (0, 0)
    assert state.saved.tolist() == keys("a")
    assert state.following.tolist() == keys("maya")
    assert state.blocked.tolist() == keys("noor")
    assert not fold(state, [event(EventKind.LIKE, at=200.0)]).is_cold


def test_a_follow_of_an_unknown_creator_follows_nobody() -> None:
    assert len(fold(EMPTY, [event(EventKind.FOLLOW, creator="")]).following) == 0


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(junk: bytes) -> None:
    with pytest.raises(UnreadableState):
        unpack(junk)


@given(st.data())
def test_a_damaged_or_cut_state_is_refused(data: st.DataObject) -> None:
    good = pack(fold(EMPTY, [event(EventKind.LIKE), event(EventKind.BLOCK)]))
    place = data.draw(st.integers(0, len(good) - 1))
    damaged = good[:place] + bytes([good[place] ^ data.draw(st.integers(1, 255))]) + good[place + 1 :]
    for bad in (damaged, good[:place]):
        with pytest.raises(UnreadableState):
            unpack(bad)


def test_the_digest_tells_states_apart() -> None:
    liked = fold(EMPTY, [event(EventKind.LIKE)])
    assert digest(EMPTY) != digest(liked) != digest(fold(liked, [event(EventKind.SHARE)]))
    assert digest(EMPTY) == digest(UserState("u_viewer", "IN", "hi"))


@given(EVENTS, st.sampled_from([None, 4.0]))
def test_columns_fold_to_the_same_state(events: list[Event], reset_at: float | None) -> None:
    whole = [replace(one, creator_id="") for one in events if one.kind not in NAMES_CREATOR]
    start = new_state(User("u", 0.0, "IN", "hi", reset_at=reset_at))
    nan = math.nan
    folded = fold_columns(
        start,
        [key_of(one.reel_id) for one in whole],
        [one.kind for one in whole],
        [one.occurred_at for one in whole],
        [nan if one.watch_sec is None else one.watch_sec for one in whole],
        [nan if one.duration_sec is None else one.duration_sec for one in whole],
    )
    assert pack(folded) == pack(fold(start, whole))
