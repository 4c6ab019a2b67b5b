"""What the app knows: reels, pages, profiles, and the observable state of the feed. No Flet here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

logger = logging.getLogger(__name__)

PART_NAMES = ("content", "cf", "popularity", "exploration")


class Mode(StrEnum):
    """Which feed is on the screen."""

    FOR_YOU = "for_you"
    LATEST = "latest"
    SAVED = "saved"


class Trouble(StrEnum):
    """Why the feed could not be fetched."""

    OFFLINE = "offline"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reel:
    """One reel as the API serves it; urls are absolute. `contributions`: what each part adds to the score."""

    reel_id: str
    title: str
    media_url: str
    poster_url: str
    creator_id: str = ""
    tags: tuple[str, ...] = ()
    duration_sec: float = 0.0
    score: float | None = None
    contributions: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    reason_codes: tuple[str, ...] = ()
    explored: bool = False
    propensity: float | None = None

    @property
    def creator(self) -> str:
        """The creator as shown: the id without the word that only says what it is."""
        return self.creator_id.removeprefix("creator_")

    @classmethod
    def from_json(cls, data: Mapping[str, Any], absolute: Callable[[str], str]) -> Reel:
        """Read one item; `absolute` resolves its media urls.

        Raises KeyError, TypeError or ValueError when the item has no id or a field of the
        wrong type.
        """
        reel_id = str(data["reel_id"])
        return cls(
            reel_id=reel_id,
            title=str(data.get("title") or ""),
            media_url=absolute(str(data.get("media_url") or f"/media/{reel_id}.mp4")),
            poster_url=absolute(str(data.get("poster_url") or f"/media/{reel_id}.jpg")),
            creator_id=str(data.get("creator_id") or ""),
            tags=tuple(str(tag) for tag in data.get("tags") or ()),
            duration_sec=float(data.get("duration_sec") or 0.0),
            score=None if data.get("score") is None else float(data["score"]),
            contributions={str(k): float(v) for k, v in (data.get("contributions") or {}).items() if v is not None},
            reasons=tuple(str(reason) for reason in data.get("reasons") or ()),
            reason_codes=tuple(str(code) for code in data.get("reason_codes") or ()),
            explored=bool(data.get("explored")),
            propensity=None if data.get("propensity") is None else float(data["propensity"]),
        )


def read_reels(items: Iterable[Any], absolute: Callable[[str], str]) -> tuple[Reel, ...]:
    """The reels of a list of items; one that cannot be read is logged and left out."""
    reels = []
    for position, item in enumerate(items):
        try:
            reels.append(Reel.from_json(item, absolute))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            logger.warning("item %d of the answer left out: %r", position, error)
    return tuple(reels)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page of the feed with where it came from."""

    feed_id: str
    items: tuple[Reel, ...]
    next_cursor: str | None
    policy: str = ""
    snapshot: str = ""
    degraded: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any], absolute: Callable[[str], str]) -> FeedPage:
        """Read the answer of `GET /feed`."""
        policy = data.get("policy") or {}
        name = " ".join(str(policy[key]) for key in ("name", "version") if policy.get(key))
        return cls(
            feed_id=str(data.get("feed_id") or ""),
            items=read_reels(data.get("items") or (), absolute),
            next_cursor=data.get("next_cursor"),
            policy=name,
            snapshot=str(data.get("snapshot") or ""),
            degraded=tuple(str(name) for name in data.get("degraded") or ()),
        )


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing the viewer did, for the profile."""

    reel_id: str
    title: str
    kind: str
    occurred_at: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What the API keeps of the viewer, as `GET /me` answers it."""

    user_id: str
    region: str = ""
    language: str = ""
    liked: tuple[Reel, ...] = ()
    saved: tuple[Reel, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    following: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, data: Mapping[str, Any], absolute: Callable[[str], str]) -> Profile:
        """Read the answer of `GET /me`."""
        history = tuple(
            HistoryEntry(
                str(entry.get("reel_id", "")),
                str(entry.get("title") or ""),
                str(entry.get("kind", "")),
                str(entry.get("occurred_at", "")),
            )
            for entry in data.get("history") or ()
        )
        return cls(
            user_id=str(data.get("user_id") or ""),
            region=str(data.get("region") or ""),
            language=str(data.get("language") or ""),
            liked=read_reels(data.get("liked") or (), absolute),
            saved=read_reels(data.get("saved") or (), absolute),
            history=history,
            following=frozenset(str(name) for name in data.get("following") or ()),
            blocked=frozenset(str(name) for name in data.get("blocked") or ()),
        )


@dataclass(frozen=True, slots=True)
class Showing:
    """A reel at its place in the feed: which page of which feed brought it."""

    reel: Reel
    feed_id: str = ""
    position: int | None = None
    policy: str = ""
    snapshot: str = ""
    degraded: bool = False


@dataclass(slots=True)
class FeedState:
    """The feed on the screen. `changed` is called with a word for what changed."""

    mode: Mode = Mode.FOR_YOU
    showings: list[Showing] = field(default_factory=list)
    index: int = 0
    cursor: str | None = None
    loading: bool = False
    ended: bool = False
    trouble: Trouble | None = None
    degraded: tuple[str, ...] = ()
    liked: set[str] = field(default_factory=set)
    saved: set[str] = field(default_factory=set)
    following: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    watchers: list[Callable[[str], None]] = field(default_factory=list)

    @property
    def current(self) -> Showing | None:
        """What is on the screen, if anything is."""
        return self.showings[self.index] if 0 <= self.index < len(self.showings) else None

    def changed(self, what: str) -> None:
        """Tell every watcher that `what` changed."""
        for watcher in tuple(self.watchers):
            watcher(what)

    def append(self, page: FeedPage) -> int:
        """Add the reels of `page` that are new and not blocked; returns how many were added."""
        known = {showing.reel.reel_id for showing in self.showings}
        added = 0
        for position, reel in enumerate(page.items):
            if reel.reel_id in known or reel.creator_id in self.blocked:
                continue
            known.add(reel.reel_id)
            self.showings.append(Showing(reel, page.feed_id, position, page.policy, page.snapshot, bool(page.degraded)))
            added += 1
        return added

    def drop_upcoming(self, creator_id: str) -> int:
        """Take the reels of a creator out of what comes after the current one."""
        kept = self.showings[: self.index + 1]
        upcoming = [showing for showing in self.showings[self.index + 1 :] if showing.reel.creator_id != creator_id]
        dropped = len(self.showings) - len(kept) - len(upcoming)
        self.showings = kept + upcoming
        return dropped

    def clear(self) -> None:
        """Forget the reels on the screen (not what the viewer liked)."""
        self.showings.clear()
        self.index, self.cursor, self.ended, self.trouble = 0, None, False, None
