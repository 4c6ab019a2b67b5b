"""Nouns with something in every field, to be changed by name."""

from dataclasses import replace
from typing import Any

from reels.core.types import Event, EventKind, FeedPage, FeedQuery, RankedReel, Reel, ReelStats, ServedFeed

NOW = 1_760_000_000.25


def reel(reel_id: str, **changes: Any) -> Reel:
    full = Reel(
        reel_id,
        title=f"Title of {reel_id} 🎈",
        tags=("cats", "naïve"),
        duration_sec=12.5,
        creator_id="c1",
        published_at=NOW - 86_400.5,
        language="en",
        region="IN",
        media_url="https://x/1.mp4",
        poster_url="https://x/1.jpg",
        stats=ReelStats(views=10, likes=2, comments=1, retention_rate=0.5),
    )
    return replace(full, **changes)


def event(user_id: str, event_id: str, reel_id: str = "r1", **changes: Any) -> Event:
    full = Event(event_id, user_id, reel_id, EventKind.WATCH, NOW, watch_sec=3.5, duration_sec=12.5)
    return replace(full, **changes)


def served_feed(feed_id: str, user_id: str = "u1", served_at: float = NOW, seed: int = 7) -> ServedFeed:
    item = RankedReel(
        reel_id="r1",
        row=3,
        score=0.1 + 0.2,
        parts={"content": 0.5, "cf": 1 / 3},
        boosts={"trending": 0.05},
        reasons=("Because you watched …",),
        explored=True,
        propensity=0.015,
        sources=("popular", "fresh"),
        reason_codes=("because|r0",),
    )
    page = FeedPage(
        feed_id=feed_id,
        user_id=user_id,
        items=(item, replace(item, reel_id="r2", reasons=(), sources=())),
        next_cursor=None,
        policy_name="documented",
        policy_version=2,
        snapshot="s1",
        degraded=("redis",),
        served_at=served_at,
        seed=seed,
        state_digest="abc",
        timings_ms={"rank": 1.25},
    )
    query = FeedQuery(user_id, 10, served_at, seed, feed_id, request_id="q", explore=False)
    return ServedFeed(page, query, bytes(range(256)))
