"""Errors as problem responses (RFC 9457), mapped in this one place.

Every body is `{type, title, status, detail, request_id}`, and `errors` ([{field, reason}]) where fields are at fault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from reels.core import errors
from reels.ingest.wire_event import TooManyEvents

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "reels.request_id"
"""Where the middleware keeps the request's id in the ASGI scope."""

_TOLD = 100
"""Characters of a path that are told back."""


class BodyTooLarge(errors.InputError):
    """The request's body is larger than what is taken."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit} bytes")


class BadRange(errors.InputError):
    """A Range header that can't be read."""


class RangeNotMet(errors.InputError):
    """A Range header that asks for nothing there is. `content_range`: the header that says how much there is."""

    def __init__(self, content_range: str) -> None:
        super().__init__(f"the range is outside of the file ({content_range})")
        self.content_range = content_range


class UnknownJob(errors.InputError):
    """No job of this name."""


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    name: str
    title: str


_KINDS: dict[type[Exception], _Kind] = {
    TooManyEvents: _Kind(413, "too-many-events", "Too many events in one request"),
    BodyTooLarge: _Kind(413, "body-too-large", "The body is too large"),
    BadRange: _Kind(400, "bad-range", "The Range header can't be read"),
    RangeNotMet: _Kind(416, "range-not-satisfiable", "There is nothing in this range"),
    errors.UnknownReel: _Kind(404, "unknown-reel", "No such reel"),
    errors.UnknownFeed: _Kind(404, "unknown-feed", "No such served page"),
    UnknownJob: _Kind(404, "unknown-job", "No such job"),
    errors.TooManyRequests: _Kind(429, "too-many-requests", "Too many requests"),
    errors.BadCursor: _Kind(422, "bad-cursor", "This cursor can't be used"),
    errors.InputError: _Kind(422, "bad-request", "The request can't be used"),
    errors.NotAllowed: _Kind(403, "not-allowed", "Not allowed"),
    errors.AuthError: _Kind(401, "not-authenticated", "Not signed in"),
    errors.Overloaded: _Kind(503, "overloaded", "Too much to do; try again"),
    errors.StoreUnavailable: _Kind(503, "store-unavailable", "A store does not answer; try again"),
    errors.NoSnapshot: _Kind(503, "no-snapshot", "Nothing has been trained yet"),
}
_UNEXPECTED = _Kind(500, "unexpected", "Something went wrong here")


def problem_of(error: Exception, request_id: str) -> Response:
    """The response for an error of the tree; anything else is a 500 that tells nothing but the request id."""
    kind = next((_KINDS[base] for base in type(error).__mro__ if base in _KINDS), _UNEXPECTED)
    if kind is _UNEXPECTED:
        return problem(kind, "Tell us the request id and we can find out what it was.", request_id)
    headers = {}
    detail = str(error)
    if isinstance(error, errors.StoreUnavailable):
        headers["retry-after"] = str(error.retry_after_sec)
        detail = f"{error.store} does not answer; nothing was half done, send the same again"
    elif isinstance(error, errors.TooManyRequests | errors.Overloaded):
        headers["retry-after"] = str(error.retry_after_sec)
    elif isinstance(error, RangeNotMet):
        headers["content-range"] = error.content_range
    elif isinstance(error, errors.NoSnapshot):
        headers["retry-after"] = "5"
    elif isinstance(error, errors.AuthError) and kind.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return problem(kind, detail, request_id, _fields_of(error), headers)


def problem(
    kind: _Kind,
    detail: str,
    request_id: str,
    fields: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem response. A surrogate in the detail (somebody's odd input) becomes `?`."""
    body: dict[str, Any] = {
        "type": f"urn:reels:problem:{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": _plain(detail),
        "request_id": request_id,
    }
    if fields:
        body["errors"] = [{name: _plain(text) for name, text in one.items()} for one in fields]
    return Response(orjson.dumps(body), kind.status, dict(headers or {}), MEDIA_TYPE)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _fields_of(error: Exception) -> list[dict[str, str]]:
    if isinstance(error, errors.BadCursor):
        return [{"field": "cursor", "reason": error.reason}]
    if isinstance(error, errors.BadRequest):
        return [{"field": error.field, "reason": error.reason}]
    return []


def request_id_of(scope: Scope) -> str:
    """The request's id, "" outside a request."""
    return str(scope.get(REQUEST_ID, ""))


async def known(request: Request, error: Exception) -> Response:
    """Handler of the errors of the tree."""
    return problem_of(error, request_id_of(request.scope))


async def _invalid(request: Request, error: Exception) -> Response:
    """FastAPI's own validation: names each field, never echoes what was sent."""
    assert isinstance(error, RequestValidationError)
    fields = [{"field": _place(one["loc"], one["type"]), "reason": str(one["msg"])} for one in error.errors()]
    detail = "; ".join(f"{one['field']}: {one['reason']}" for one in fields[:5])
    return problem(_KINDS[errors.InputError], detail, request_id_of(request.scope), fields)


def _place(loc: Sequence[Any], kind: str) -> str:
    inside = [] if kind == "json_invalid" else loc[1:]  # there it is a character's number
    return ".".join(str(part) for part in inside) or str(loc[0])


async def _http(request: Request, error: Exception) -> Response:
    """404 and 405 of the router, and whatever else speaks HTTPException."""
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI, of a body that nests too deeply to be read
        unread = errors.BadRequest("body", "can't be read; is it nested too deeply?")
        return problem_of(unread, request_id_of(request.scope))
    phrase = HTTPStatus(error.status_code).phrase
    kind = _Kind(error.status_code, phrase.lower().replace(" ", "-"), phrase)
    path = request.url.path
    told = path if len(path) <= _TOLD else path[:_TOLD] + "…"
    detail = f"{request.method[:16]} {told}: {error.detail}"
    return problem(kind, detail, request_id_of(request.scope), headers=error.headers)


def install(app: FastAPI) -> None:
    """Make the app answer every error as a problem."""
    app.add_exception_handler(errors.ReelsError, known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
