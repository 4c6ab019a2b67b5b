"""Query values of the routes that do without FastAPI's parsing."""

from collections.abc import Collection
from urllib.parse import parse_qsl

from reels.core.errors import BadRequest

_MOST = 20


def query_of(raw: bytes, known: Collection[str]) -> dict[str, str]:
    """The values of a query string. BadRequest names a field that is not known or comes twice."""
    values: dict[str, str] = {}
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        raise BadRequest("query", f"more than {_MOST} fields") from None
    for name, value in pairs:
        if name not in known:
            told = "known are " + ", ".join(sorted(known)) if known else "it takes none"
            raise BadRequest(name[:40], f"not a field of this request; {told}")
        if name in values:
            raise BadRequest(name, "given twice")
        values[name] = value
    return values


def whole_number(values: dict[str, str], name: str, default: int, most: int) -> int:
    """A number of 1..most."""
    text = values.get(name)
    if text is None:
        return min(default, most)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise BadRequest(name, f"{text[:20]!r} is not a whole number of 1..{most}")
    return int(text)
