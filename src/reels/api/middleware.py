"""What surrounds every request, as plain ASGI (no per-request task, no buffering).

RequestContext   request id, one log line and the metrics of each request     outermost
CORS             Starlette's, by allow-list
Admission        not more at once than can be answered in time (`admission`)
Guard            body limit; what nobody caught becomes a problem 500         innermost
"""

import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reels.api.metrics import METHODS, Metrics
from reels.api.notes import NOTES, Notes
from reels.api.problems import REQUEST_ID, BodyTooLarge, problem_of
from reels.telemetry import request as current

if TYPE_CHECKING:
    from reels.telemetry.spans import RequestSpan, Spans

ROUTE = "reels.route"
"""Where routes outside FastAPI leave their path template in the ASGI scope."""
_SANE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger("reels.request")


def new_request_id() -> str:
    """96 random bits: names one request in logs and problems; nothing depends on it."""
    return secrets.token_hex(12)


class RequestContext:
    """Takes a sane `x-request-id` or makes one, answers it, and notes what became of the request.

    The log line has the path's template, never the path, the query or the caller, and what the route noted: no
    personal data. Lines written on the way have the request's id too.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        make_id: Callable[[], str] = new_request_id,
        timer: Callable[[], float] = time.perf_counter,
        spans: "Spans | None" = None,
    ) -> None:
        self._app, self._metrics, self._make_id, self._timer = app, metrics, make_id, timer
        self._spans = spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[REQUEST_ID] = request_id = self._id_of(scope)
        scope[NOTES] = notes = Notes()
        outer = current.request_id.set(request_id)
        header = (b"x-request-id", request_id.encode())
        began, status = self._timer(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        span = None if self._spans is None else self._spans.request(_method(scope), scope["headers"])
        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, noting)
        finally:
            self._metrics.in_flight.dec()
            self._note(scope, status, self._timer() - began, notes, span)
            current.request_id.reset(outer)

    def _id_of(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _SANE.fullmatch(value):
                return str(value.decode())
        return self._make_id()

    def _note(self, scope: Scope, status: int, seconds: float, notes: Notes, span: "RequestSpan | None") -> None:
        route = str(scope.get(ROUTE) or getattr(scope.get("route"), "path", "unmatched"))
        method, fields = _method(scope), notes.fields
        self._metrics.request(method, route, status, seconds)
        if span is not None:
            fields = {"trace_id": span.trace_id, **fields}
            span.end(
                f"{method} {route}", status, notes.attributes(scope[REQUEST_ID], route), notes.stages_ms, notes.at_ns
            )
        _log.info(
            "request",
            request_id=scope[REQUEST_ID],
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 2),
            **fields,
        )


class Guard:
    """Refuses bodies over a limit, told or streamed, and answers what nobody caught with a problem 500."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app, self._limit = app, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, taken = False, 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise BodyTooLarge(self._limit)
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            if taken > self._limit and not started:
                return  # what the app made of the refusal (FastAPI: a 400); ours follows
            started = True
            await send(message)

        try:
            if _told_length(scope) > self._limit:
                raise BodyTooLarge(self._limit)
            await self._app(scope, limited, watched)
            if taken > self._limit and not started:
                raise BodyTooLarge(self._limit)
        except Exception as error:
            if not isinstance(error, BodyTooLarge):
                _log.exception("unhandled")
            if started:
                raise
            await problem_of(error, scope.get(REQUEST_ID, ""))(scope, receive, send)


def _method(scope: Scope) -> str:
    """One of those there are, or `other`: a client could send whatever it likes."""
    return scope["method"] if scope["method"] in METHODS else "other"


def _told_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
