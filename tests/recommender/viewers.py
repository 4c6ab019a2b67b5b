"""Viewers and requests for the recommender's tests."""

from collections.abc import Sequence

import numpy as np
from tests.snapshots import NOW, reel_name

from reels.core.keys import key_of
from reels.core.types import Event, EventKind, FeedQuery, User, UserState
from reels.core.user_state import fold, new_state


def query(
    user_id: str = "u", limit: int = 10, seed: int = 7, *, explore: bool = True, mode: str = "for_you"
) -> FeedQuery:
    return FeedQuery(user_id, limit, NOW, seed, "ab" * 16, explore=explore, mode=mode)


def event(kind: EventKind, reel_id: str, at: float, **more: object) -> Event:
    return Event(f"{kind}-{reel_id}-{at}", "u", reel_id, kind, at, **more)  # type: ignore[arg-type]


def watched(reel_id: str, share: float = 1.0, at: float = NOW - 60) -> Event:
    return event(EventKind.WATCH, reel_id, at, watch_sec=15.0 * share, duration_sec=15.0)


def state_of(events: Sequence[Event] = (), region: str = "IN", language: str = "hi") -> UserState:
    return fold(new_state(User("u", 0.0, region, language)), events)


def fan_of_topic(topic: int, n: int = 8, topics: int = 8) -> UserState:
    """Has watched n reels of one topic of `make_snapshot` to the end."""
    return state_of([watched(reel_name(topic + topics * i), 1.0, NOW - 1000 + i) for i in range(2, n + 2)])


def mixed() -> UserState:
    """Likes topics 1 and 4, skipped and refused topic 6, blocks a creator."""
    return state_of(
        [watched(reel_name(1 + 8 * i), 1.0, NOW - 900 + i) for i in range(2, 8)]
        + [event(EventKind.LIKE, reel_name(4 + 8 * i), NOW - 500 + i) for i in range(2, 6)]
        + [event(EventKind.SKIP, reel_name(6 + 8 * i), NOW - 300 + i) for i in range(2, 6)]
        + [event(EventKind.NOT_INTERESTED, reel_name(6 + 8 * 7), NOW - 100)]
        + [event(EventKind.BLOCK, reel_name(30), NOW - 90, creator_id="c010")]
    )


def row_numbers(keys: np.ndarray, names: Sequence[str]) -> list[int]:
    return [int(np.flatnonzero(keys == key_of(name))[0]) for name in names]
