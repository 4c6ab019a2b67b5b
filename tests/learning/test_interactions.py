"""Pairs from events: the same reading as the live state, whatever the batches."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.learning.logs import columns

from reels.core.keys import key_of
from reels.core.ports import EventColumns
from reels.core.types import Event, EventKind, User
from reels.core.user_state import bit, fold, new_state
from reels.learning.interactions import Collector, Interactions, histories_of, interactions_of

REELS = {f"r{i}": key_of(f"r{i}") for i in range(4)}

events = st.lists(
    st.builds(
        lambda user, reel, kind, at, watch, duration: (user, reel, kind, at, watch, duration),
        st.sampled_from(["u1", "u2", "u3"]),
        st.sampled_from(sorted(REELS)),
        st.sampled_from(list(EventKind)),
        st.integers(0, 8),
        st.none() | st.floats(0, 50),
        st.none() | st.sampled_from([0.0, 5.0, 20.0]),
    ),
    max_size=40,
).map(
    lambda rows: [
        Event(f"e{i}", user, reel, kind, float(at), watch, duration, creator_id="c" + reel)
        for i, (user, reel, kind, at, watch, duration) in enumerate(rows)
    ]
)


def as_dict(pairs: Interactions) -> dict[tuple[int, int], tuple[float, float, float]]:
    users = pairs.user_keys[pairs.users]
    return {
        (int(user), int(reel)): (float(at), float(np.float32(value)), float(watched))
        for user, reel, at, value, watched in zip(
            users, pairs.reels, pairs.at, pairs.values, np.nan_to_num(pairs.watched, nan=-1), strict=True
        )
    }


@given(events)
def test_values_equal_the_live_states(log: list[Event]) -> None:
    found = as_dict(interactions_of(columns(log, REELS)))
    for user in ("u1", "u2", "u3"):
        state = fold(new_state(User(user, 0.0)), [one for one in log if one.user_id == user])
        for key, at, value, watched in zip(
            state.history, state.history_at, state.history_value, state.history_watched, strict=True
        ):
            mine = found[key_of(user), int(key)]
            assert mine[0] >= at  # impressions count as well
            np.testing.assert_allclose(mine[1], value, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(mine[2], -1 if np.isnan(watched) else watched, rtol=1e-5)


@given(events, st.dictionaries(st.sampled_from(["u1", "u2", "u3", "u9"]), st.floats(0, 9), max_size=3))
def test_values_equal_the_live_states_of_viewers_who_started_afresh(log: list[Event], resets: dict[str, float]) -> None:
    pairs = interactions_of(columns(log, REELS), resets)
    found = as_dict(pairs)
    known = set()
    for user in ("u1", "u2", "u3"):
        since = resets.get(user)
        state = fold(new_state(User(user, 0.0, reset_at=since)), [one for one in log if one.user_id == user])
        for key, value in zip(state.history.tolist(), state.history_value.tolist(), strict=True):
            np.testing.assert_allclose(found[key_of(user), key][1], value, rtol=1e-5, atol=1e-6)
            known.add((key_of(user), key))
    assert all(value == 0 for pair, (_, value, _) in found.items() if pair not in known)
    shown = {(key_of(one.user_id), REELS[one.reel_id]) for one in log if one.kind in ("impression", "watch", "skip")}
    assert shown <= set(found)
    assert pairs.events == len(log)


@settings(deadline=None)
@given(events, st.integers(1, 7))
def test_batches_do_not_matter(log: list[Event], size: int) -> None:
    whole = columns(log, REELS)
    collector = Collector()
    for start in range(0, len(whole.user_id), size):
        part = slice(start, start + size)
        collector.add(
            EventColumns(
                whole.user_id[part],
                whole.reel[part],
                whole.kind[part],
                whole.occurred_at[part],
                whole.watch_sec[part],
                whole.duration_sec[part],
            )
        )
    pairs = collector.finish()
    assert as_dict(pairs) == as_dict(interactions_of(whole))
    assert pairs.events == len(log)
    assert len(np.unique(pairs.user_keys)) == len(pairs.user_keys)


def test_taken_back_likes_are_not_held_and_shown_is_what_was_on_the_screen() -> None:
    log = [
        Event("1", "u1", "r0", EventKind.LIKE, 1.0),
        Event("2", "u1", "r0", EventKind.UNLIKE, 2.0),
        Event("3", "u1", "r1", EventKind.IMPRESSION, 3.0),
        Event("4", "u1", "r2", EventKind.LIKE, 4.0),
    ]
    pairs = interactions_of(columns(log, REELS))
    assert pairs.reels.tolist() == [REELS["r0"], REELS["r1"], REELS["r2"]]
    assert pairs.has(EventKind.LIKE).tolist() == [False, False, True]
    assert pairs.shown.tolist() == [False, True, False]
    assert pairs.values.tolist() == [0.0, 0.0, np.float32(0.9)]
    assert pairs.kinds[2] == bit(EventKind.LIKE)


def test_histories_hold_the_newest_positive_pairs_of_known_reels_fading() -> None:
    keys = np.sort(np.array([REELS["r0"], REELS["r1"], REELS["r2"]]))
    day = 86_400.0
    log = [Event(f"{i}", "u1", f"r{i}", EventKind.LIKE, i * day) for i in range(4)]
    log.append(Event("9", "u2", "r0", EventKind.SKIP, 0.0))
    made = histories_of(interactions_of(columns(log, REELS)), keys, now=1e12, half_life_sec=day, longest=2)
    assert made.indptr.tolist() == [0, 2, 2]
    assert keys[made.rows].tolist() == [REELS["r1"], REELS["r2"]]
    np.testing.assert_allclose(made.weights, [0.45, 0.9], rtol=1e-6)
    assert made.n == 3


def test_an_empty_log_gives_empty_shapes() -> None:
    pairs = Collector().finish()
    assert len(pairs.reels) == 0
    made = histories_of(pairs, np.array([1, 2], np.int64), now=0.0)
    assert made.indptr.tolist() == [0]
    assert len(histories_of(pairs, np.empty(0, np.int64), now=0.0).rows) == 0
