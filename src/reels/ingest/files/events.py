"""Rows of an event file into events."""

import hashlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from reels.core.errors import BadRow
from reels.core.types import Event, EventKind
from reels.ingest.files import values
from reels.ingest.files.columns import EVENT_COLUMNS, ColumnMap
from reels.ingest.files.mapping import FieldError, mapped, parse


def read_events(path: Path, known_reels: Container[str] | None = None) -> Iterator[Event | BadRow]:
    """Events of a file, in its order; what can't be read as `BadRow` in its place.

    An event without an id gets one made from viewer, reel, kind and time, so that importing twice counts once. With
    `known_reels` an event of any other reel is a BadRow. Raises InputError where no column can be the viewer.
    """

    def make(fields: dict[str, Any]) -> Event:
        event = event_of(fields)
        if known_reels is not None and event.reel_id not in known_reels:
            raise FieldError("reel_id", f"no reel {event.reel_id!r} in the catalogue; import the reels first")
        return event

    return mapped(path, ColumnMap(EVENT_COLUMNS), "user_id", make)


def event_of(fields: dict[str, Any]) -> Event:
    """One event from its fields by documented name. Raises FieldError."""
    user_id = parse(fields, "user_id", values.identifier)
    reel_id = parse(fields, "reel_id", values.identifier)
    kind = parse(fields, "kind", _kind)
    occurred_at = parse(fields, "occurred_at", _moment)
    given = fields.get("event_id")
    return Event(
        event_id=made_id(user_id, reel_id, kind, occurred_at)
        if values.missing(given)
        else parse(fields, "event_id", values.identifier),
        user_id=user_id,
        reel_id=reel_id,
        kind=kind,
        occurred_at=occurred_at,
        watch_sec=parse(fields, "watch_sec", _watched),
        duration_sec=parse(fields, "duration_sec", values.duration),
        feed_id="" if values.missing(fields.get("feed_id")) else parse(fields, "feed_id", values.identifier),
        position=parse(fields, "position", _position),
    )


def made_id(user_id: str, reel_id: str, kind: EventKind, occurred_at: float) -> str:
    """The id of an event that came without one: the same event always gets the same."""
    told = f"{user_id}\n{reel_id}\n{kind}\n{occurred_at:.3f}"
    return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


def _kind(value: Any) -> EventKind:
    if values.missing(value):
        raise ValueError("missing")
    try:
        return EventKind(str(value).strip().lower().replace("-", "_"))
    except ValueError:
        raise ValueError(f"{str(value)[:40]!r} is none of {', '.join(EventKind)}") from None


def _moment(value: Any) -> float:
    moment = values.moment(value)
    if moment is None:
        raise ValueError("missing")
    return moment


def _watched(value: Any) -> float | None:
    seconds = values.number(value)
    if seconds is not None and not 0 <= seconds <= 86_400:
        raise ValueError(f"{seconds:g} s is not between 0 and a day")
    return seconds


def _position(value: Any) -> int | None:
    return None if values.missing(value) else values.count(value)
