"""One event as a client sends it: read on its own, so that a bad one never spoils its neighbours."""

import datetime
import json
import math
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from reels.core.errors import BadRequest
from reels.core.types import Event, EventKind, Rejection

MAX_EVENTS = 500
OLDEST_SEC = 30 * 86_400
"""An event older than this when it arrives is refused: it would rewrite what has been trained and counted."""
AHEAD_SEC = 300
"""How far ahead of ours a client's clock may be."""
MAX_WATCH_SEC = 86_400.0
MAX_POSITION = 1_000_000

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_REEL_ID_LENGTH = 128

MAX_DEPTH = 100
"""Brackets around a value of a batch that no decoder could read whole."""
_TOO_DEEP = "nested too deeply"
_SCANNED = 100_000
"""Bytes: a larger body is refused whole where it nests too deeply; looking through it would keep others waiting."""
_ITEM = 3
_OPEN, _CLOSE = frozenset([b"{", b"["]), frozenset([b"}", b"]"])
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[][{}]', re.DOTALL)
"""Strings, also one that never ends, and brackets."""


class TooManyEvents(BadRequest):
    """More events in one request than are taken at once."""


class WireEvent(msgspec.Struct, frozen=True):
    """Fields of one event as sent; `read_events` checks what types can't say."""

    event_id: str
    reel_id: str
    kind: EventKind
    occurred_at: int | float | str
    watch_sec: float | None = None
    duration_sec: float | None = None
    feed_id: str | None = None
    position: int | None = None


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw]


_batch_decoder = msgspec.json.Decoder(_Batch)
_event_decoder = msgspec.json.Decoder(WireEvent)


def read_batch(body: bytes) -> Sequence[Any]:
    """The items of `{"events": [...]}`, unread. BadRequest: not such JSON; TooManyEvents: more than MAX_EVENTS."""
    try:
        items: Sequence[Any] = _batch_decoder.decode(body).events
    except (msgspec.DecodeError, RecursionError):
        items = _read_leniently(body)
    if len(items) > MAX_EVENTS:
        raise TooManyEvents("events", f"{len(items)} events in one request, at most {MAX_EVENTS} are taken")
    return items


def _read_leniently(body: bytes) -> list[Any]:
    """As Python's json reads it (NaN, lone surrogates), so that one odd item is refused and not the whole batch."""
    try:
        try:
            read = json.loads(body)
        except RecursionError:
            read = json.loads(_without_deep_items(body))
    except RecursionError:
        raise BadRequest("body", "nested too deeply") from None
    except ValueError as error:
        raise BadRequest("body", f"not JSON: {error}") from None
    if not isinstance(read, dict) or not isinstance(read.get("events"), list):
        raise BadRequest("events", 'expected {"events": [...]}')
    return list(read["events"])


def _without_deep_items(body: bytes) -> bytes:
    """The body with `_TOO_DEEP` in the place of each item that nests deeper than MAX_DEPTH.

    One pass over strings and brackets, taken only where no decoder could go: an item is what opens within two others.
    """
    if len(body) > _SCANNED:
        return body
    parts, kept, depth, begun, deepest = list[bytes](), 0, 0, 0, 0
    for token in _TOKENS.finditer(body):
        sign = token[0]
        if sign in _OPEN:
            depth += 1
            if depth == _ITEM:
                begun, deepest = token.start(), depth
            deepest = max(deepest, depth)
        elif sign in _CLOSE:
            if depth == _ITEM and deepest > MAX_DEPTH:
                parts += [body[kept:begun], json.dumps(_TOO_DEEP).encode()]
                kept = token.end()
            depth -= 1
    return b"".join([*parts, body[kept:]])


def read_events(items: Sequence[Any], user_id: str, now: float) -> tuple[list[tuple[int, Event]], list[Rejection]]:
    """The readable items with their indexes, and what is wrong with the others. `now` is epoch s."""
    read, rejected = [], []
    for index, item in enumerate(items):
        try:
            read.append((index, _read(item, user_id, now)))
        except BadRequest as error:
            rejected.append(Rejection(index, str(error)))
    return read, rejected


def _read(item: Any, user_id: str, now: float) -> Event:
    wire = _decode(item)
    reel_id = wire.reel_id
    if not 0 < len(reel_id) <= _REEL_ID_LENGTH or not reel_id.isprintable():
        raise BadRequest("reel_id", f"expected 1 to {_REEL_ID_LENGTH} printable characters")
    if wire.position is not None and not 0 <= wire.position <= MAX_POSITION:
        raise BadRequest("position", f"{wire.position} is not in 0..{MAX_POSITION}")
    return Event(
        event_id=_id("event_id", wire.event_id),
        user_id=user_id,
        reel_id=reel_id,
        kind=wire.kind,
        occurred_at=_moment(wire.occurred_at, now),
        watch_sec=_seconds("watch_sec", wire.watch_sec),
        duration_sec=_seconds("duration_sec", wire.duration_sec),
        feed_id=_id("feed_id", wire.feed_id) if wire.feed_id else "",
        position=wire.position,
    )


def _decode(item: Any) -> WireEvent:
    if item == _TOO_DEEP:
        raise BadRequest("event", _TOO_DEEP)
    try:
        if isinstance(item, msgspec.Raw):
            return _event_decoder.decode(item)
        return msgspec.convert(item, WireEvent)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        message, _, place = str(error).partition(" - at `$.")
        raise BadRequest(place.rstrip("`") or "event", _said(message)) from None


def _said(message: str) -> str:
    """msgspec's words, short enough to send back."""
    return message.encode("ascii", "backslashreplace").decode()[:200]


def _id(field: str, text: str) -> str:
    if not _ID.fullmatch(text):
        raise BadRequest(field, "expected 1 to 64 characters of A-Z a-z 0-9 _ . : -")
    return text


def _seconds(field: str, given: float | None) -> float | None:
    if given is not None and not 0 <= given <= MAX_WATCH_SEC:
        raise BadRequest(field, f"{given} is not in 0..{MAX_WATCH_SEC:g} s")
    return given


def _moment(given: float | str, now: float) -> float:
    at = _of_text(given) if isinstance(given, str) else given / 1000 if abs(given) < 1e18 else math.nan
    if now - OLDEST_SEC <= at <= now + AHEAD_SEC:
        return at
    what = "expected epoch milliseconds or ISO 8601 with an offset"
    if at < now:
        raise BadRequest("occurred_at", f"more than {OLDEST_SEC // 86_400} days ago; {what}")
    raise BadRequest("occurred_at", f"more than {AHEAD_SEC // 60} minutes ahead; {what}")


def _of_text(text: str) -> float:
    unusable = BadRequest("occurred_at", "expected epoch milliseconds or ISO 8601 with an offset")
    try:
        moment = datetime.datetime.fromisoformat(text)
        at = moment.timestamp()
    except (ValueError, OverflowError):
        raise unusable from None
    if moment.tzinfo is None:
        raise unusable
    return at
