"""Rows of a catalogue file into reels."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reels.core.errors import BadRow
from reels.core.types import Reel, ReelStats, ReelStatus
from reels.ingest.files import values
from reels.ingest.files.columns import REEL_COLUMNS, ColumnMap
from reels.ingest.files.mapping import mapped, parse


def read_reels(path: Path) -> Iterator[Reel | BadRow]:
    """Reels of a file, in its order; what can't be read as `BadRow` in its place.

    Raises InputError where no column can be the reel's id.
    """
    return mapped(path, ColumnMap(REEL_COLUMNS), "video_id", reel_of)


def reel_of(fields: dict[str, Any]) -> Reel:
    """One reel from its fields by documented name. Raises FieldError."""
    return Reel(
        reel_id=parse(fields, "video_id", values.identifier),
        title=parse(fields, "title", values.text),
        tags=parse(fields, "tags", values.tags),
        duration_sec=parse(fields, "duration_sec", values.duration),
        creator_id=parse(fields, "creator_id", _short_text),
        published_at=parse(fields, "published_at", values.moment),
        language=parse(fields, "language", _code),
        region=parse(fields, "region", _region),
        media_url=parse(fields, "media_url", _url),
        poster_url=parse(fields, "poster_url", _url),
        status=parse(fields, "status", _status),
        stats=ReelStats(
            views=parse(fields, "views", values.count),
            likes=parse(fields, "likes", values.count),
            comments=parse(fields, "comments", values.count),
            retention_rate=parse(fields, "retention_rate", values.rate),
            first_3_sec_engagement=parse(fields, "first_3_sec_engagement", values.rate),
        ),
    )


def _short_text(value: Any) -> str:
    if values.missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return values.text(value)[:100]


def _code(value: Any) -> str:
    """A language tag such as `en` or `pt-BR`, in lower case."""
    code = _short_text(value).replace("_", "-").lower()
    if code and not (len(code) <= 12 and code.replace("-", "").isalnum()):
        raise ValueError(f"{code!r} is not a language or region code")
    return code


def _region(value: Any) -> str:
    return _code(value).upper()


def _url(value: Any) -> str:
    url = "" if values.missing(value) else values.text(value)
    if url and urlsplit(url).scheme not in {"", "http", "https"}:
        raise ValueError(f"{url[:60]!r} is not an http(s) address or a path")
    return url


def _status(value: Any) -> ReelStatus:
    if values.missing(value):
        return ReelStatus.ACTIVE
    try:
        return ReelStatus(str(value).strip().lower())
    except ValueError:
        raise ValueError(f"{value!r} is none of {', '.join(ReelStatus)}") from None
