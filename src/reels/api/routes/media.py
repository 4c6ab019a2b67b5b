"""GET /media/{reel_id}.mp4 and .jpg: the drawn films and their posters, with ranges, validators and long caching."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from inspect import isawaitable
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from reels.api.problems import BadRange, RangeNotMet, problem_of, request_id_of
from reels.core.errors import UnknownReel
from reels.media.store import MediaKind, MediaStore
from reels.schemas.problem import problems

TopicOf = Callable[[str], str | Awaitable[str | None] | None]
"""Reel id -> its topic hint (`reels.media.store.topic_hint` of its tags), or None for a reel we don't have."""

_TYPES = {MediaKind.FILM: "video/mp4", MediaKind.POSTER: "image/jpeg"}

HEADERS = {
    "cache-control": "public, max-age=604800, immutable",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "accept-ranges, content-length, content-range, etag",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}
"""On every film and poster. Nothing here depends on who asks, so any cache may keep and any page may show it."""


def media_url(reel_id: str, kind: MediaKind) -> str:
    """The path these routes serve the reel's film or poster at."""
    return f"/media/{quote(reel_id, safe='')}.{kind}"


def media_routes(store: MediaStore, topic_of: TopicOf) -> list[Route]:
    """The two routes. Raise UnknownReel, StoreUnavailable and StoreError; a range that can't be met is answered 416."""

    def route(kind: MediaKind) -> Route:
        async def endpoint(request: Request) -> Response:
            reel_id: str = request.path_params["reel_id"]
            found = topic_of(reel_id)
            hint = await found if isawaitable(found) else found
            if hint is None:
                raise UnknownReel(reel_id)
            # Drawing is deterministic and the name holds all it depends on: every server gives a film the same tag.
            etag = f'"{store.path(kind, reel_id, hint).name}"'
            headers = {**HEADERS, "etag": etag}
            if _has_it(request.headers.get("if-none-match"), etag):
                return Response(status_code=304, headers=headers)
            return _Film(await store.get(kind, reel_id, hint), media_type=_TYPES[kind], headers=headers)

        return Route(f"/media/{{reel_id:path}}.{kind}", endpoint, name=f"media_{kind.name.lower()}")

    return [route(kind) for kind in MediaKind]


class _Film(FileResponse):
    """A file whose refusals of a Range are problems."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        refused: BadRange | RangeNotMet | None = None

        async def watched(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                if message["status"] == HTTPStatus.BAD_REQUEST:
                    refused = BadRange("Range: expected bytes=first-last")
                elif message["status"] == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    refused = RangeNotMet(Headers(raw=message["headers"])["content-range"])
            if refused is None:
                await send(message)

        await super().__call__(scope, receive, watched)
        if refused is not None:
            answer = problem_of(refused, request_id_of(scope))
            answer.headers.update({**HEADERS, "cache-control": "no-store"})
            await answer(scope, receive, send)


def documented() -> APIRouter:
    """The same routes for OpenAPI only: `media_routes` come first and answer."""
    router = APIRouter(tags=["media"])

    def document(kind: MediaKind) -> None:
        bytes_of = {"content": {_TYPES[kind]: {"schema": {"type": "string", "format": "binary"}}}}
        answers: dict[int | str, dict[str, Any]] = {
            200: {"description": "All of it.", **bytes_of},
            206: {"description": "The range asked for.", **bytes_of},
            304: {"description": "The copy named by `If-None-Match` is this one."},
        }
        name = kind.name.lower()

        @router.get(
            f"/media/{{reel_id:path}}.{kind}",
            response_class=Response,
            responses=answers | problems(400, 404, 416, 503),
            summary=f"The {name} of a reel",
            operation_id=f"get_media_{name}",
        )
        async def media(reel_id: str) -> Response:
            """Drawn when it is first asked for, then kept; the same for everybody, no token needed. Takes ranges."""
            raise NotImplementedError

    for kind in MediaKind:
        document(kind)
    return router


def _has_it(if_none_match: str | None, etag: str) -> bool:
    """Whether the client's copy is this one (RFC 9110 13.1.2: weak comparison, a list, or any)."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
