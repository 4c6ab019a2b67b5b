"""Cells into values. Each function takes what a file holds (text, number, None, list) and gives the value, or raises
`ValueError` with the reason. Missing is "", None, NaN, "null", "none", "nan", "n/a", "na", "-", "\\N".
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import msgspec

MISSING = frozenset({"", "null", "none", "nan", "n/a", "na", "-", "\\n"})
MAX_TEXT = 2_000
MAX_TAGS = 64
MAX_TAG = 100
MAX_ID = 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{2}(?:\.\d+)?)")
_GROUPED = re.compile(r"[+-]?\d{1,3}([,'_ \u00a0\u202f]\d{3})+")
EARLIEST = 0.0
LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()


def missing(value: Any) -> bool:
    """Whether a cell says nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and value.strip().lower() in MISSING


def identifier(value: Any) -> str:
    """An id of 1..64 printable characters without blanks."""
    if missing(value):
        raise ValueError("missing")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(_plain(value)).strip()
    if len(text) > MAX_ID:
        raise ValueError(f"longer than {MAX_ID} characters")
    if " " in text or not text.isprintable():
        raise ValueError(f"{text!r} has blanks or characters that can't be seen")
    return text


def text(value: Any) -> str:
    """Text on one line, without control characters, at most 2,000 characters (longer is cut)."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    value = _plain(value)
    plain = unicodedata.normalize("NFC", str(value).encode("utf-8", "replace").decode("utf-8"))
    return " ".join(_CONTROL.sub(" ", plain).split())[:MAX_TEXT]


def number(value: Any) -> float | None:
    """A finite number; grouped thousands (`1,234`) are understood. None where missing."""
    if missing(value):
        return None
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, str):
        cell = value.strip()
        if _GROUPED.fullmatch(cell):
            cell = re.sub(r"[,'_ \u00a0\u202f]", "", cell)
        try:
            value = float(cell)
        except ValueError:
            raise ValueError(f"{_short(value)} is not a number") from None
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{_short(value)} is not a number") from None
    if not math.isfinite(result):
        raise ValueError(f"{_short(value)} is not a finite number")
    return result


def count(value: Any) -> int:
    """A whole number >= 0; 0 where missing."""
    result = number(value)
    if result is None:
        return 0
    if result < 0:
        raise ValueError(f"{result:g} is negative")
    if result > 2**53:
        raise ValueError(f"{result:g} is too large for a counter")
    return round(result)


def duration(value: Any) -> float | None:
    """Seconds > 0, as a number or as `m:ss`, `h:mm:ss`; None where missing or 0."""
    if isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        hours, minutes, seconds = clock.groups()
        result: float | None = int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    else:
        result = number(value)
    if result is None or result == 0:
        return None
    if not 0 < result <= 86_400:
        raise ValueError(f"{result:g} s is not a duration between 0 and a day")
    return result


def rate(value: Any) -> float | None:
    """A share in 0..1; `45%` is 0.45. None where missing."""
    percent = isinstance(value, str) and value.strip().endswith("%")
    result = number(value.strip()[:-1]) if percent else number(value)
    if result is None:
        return None
    result = result / 100 if percent else result
    if not 0 <= result <= 1:
        raise ValueError(f"{result:g} is not a share between 0 and 1")
    return result


def moment(value: Any) -> float | None:
    """Epoch seconds, UTC, of an ISO 8601 date or time (no zone: UTC), or of epoch seconds or milliseconds."""
    if missing(value):
        return None
    if isinstance(value, datetime):
        result = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    elif isinstance(value, date):
        result = datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    elif isinstance(value, str) and not re.fullmatch(r"\s*[+-]?[\d.]+([eE][+]?\d+)?\s*", value):
        try:
            parsed = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"{_short(value)} is neither an ISO 8601 time nor epoch seconds or milliseconds") from None
        result = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    else:
        result = number(value) or 0.0
        result = result / 1000 if abs(result) > 1e11 else result
    if not EARLIEST <= result <= LATEST:
        raise ValueError(f"{_short(value)} is not a time between 1970 and 2200")
    return result


def tags(value: Any) -> tuple[str, ...]:
    """Tags from a list, JSON, `a|b`, `"a"|"b"`, `#a #b` or `a,b`; without `#`, in order, each once."""
    value = _plain(value) if isinstance(value, (bytes, dict)) else value
    if missing(value) or (isinstance(value, str) and value.strip() in {"[none]", "[]"}):
        return ()
    cells: Iterable[Any] = value if isinstance(value, (list, tuple)) else _split(str(value).strip())
    found: dict[str, None] = {}
    for cell in cells:
        tag = text(cell).strip("#\"' ")[:MAX_TAG]
        if tag:
            found.setdefault(tag)
    return tuple(found)[:MAX_TAGS]


def _plain(value: Any) -> Any:
    """The value, or the text in it where a Parquet file holds text as bytes; what has an inside is not text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (dict, list, tuple)):
        raise ValueError(f"{_short(value)} is not text")
    return value


def _split(cell: str) -> Iterable[Any]:
    if cell.startswith("["):
        try:
            listed = msgspec.json.decode(cell)
        except (msgspec.DecodeError, RecursionError):
            return re.split(r"\s*,\s*", cell.strip("[]"))
        return [one for one in listed if isinstance(one, (str, int, float))] if isinstance(listed, list) else []
    if "|" in cell:
        return cell.split("|")
    if cell.startswith("#"):
        return re.split(r"[\s,;]*#", cell)
    return re.split(r"[,;]", cell)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
