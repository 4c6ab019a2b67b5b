"""Exceptions without what they say: messages quote data (a duplicate key, a value that can't be read)."""

import sys
import traceback
from collections.abc import MutableMapping
from typing import Any


def places(error: BaseException) -> str:
    """The types and the lines of code of an exception and its causes, innermost first; no message."""
    lines: list[str] = []
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        frames = [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(one.__traceback__)
        ]
        lines = [type(one).__qualname__, *frames, *lines]
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\n".join(lines)


def without_messages(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Log processor: `exc_info` becomes `exception`, see `places`."""
    told = event.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()
    error = told if isinstance(told, BaseException) else told[1] if isinstance(told, tuple) else None
    if error is not None:
        event["exception"] = places(error)
    return event
