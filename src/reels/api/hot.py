"""The short way to the routes that viewers ask all the time: past the router, to which every other request goes on."""

from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from reels.api.problems import known, problem_of, request_id_of
from reels.core.errors import ReelsError

_HANDLERS: tuple[dict[Any, Any], dict[int, Any]] = ({ReelsError: known}, {})


class HotRoutes:
    """ASGI middleware, innermost. `ways`: guarded routes by method and path, exactly as asked.

    FastAPI's own way there (exit stack, exception middleware, the match of each route in turn) takes as long as reading
    a viewer from Redis. Errors of ours are answered as everywhere (`problems`); others go on to whoever is outside.
    """

    def __init__(self, app: ASGIApp, ways: Mapping[tuple[str, str], ASGIApp]) -> None:
        self._app, self._ways = app, dict(ways)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        way = self._ways.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if way is None:
            await self._app(scope, receive, send)
            return
        scope["starlette.exception_handlers"] = _HANDLERS  # for errors of the route itself: they are told the quota too
        try:
            await way(scope, receive, send)
        except ReelsError as error:
            await problem_of(error, request_id_of(scope))(scope, receive, send)
