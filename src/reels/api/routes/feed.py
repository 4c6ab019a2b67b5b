"""GET /feed."""

from typing import Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reels.api.auth import acting_for, documented_bearer
from reels.api.notes import notes_of
from reels.api.problems import request_id_of
from reels.api.query import query_of, whole_number
from reels.api.services import Services
from reels.core.errors import BadRequest
from reels.ingest.files.values import identifier
from reels.schemas.feed import FeedPageOut
from reels.schemas.problem import problems

PATH = "/feed"
MODES = ("for_you", "latest")
_DEFAULT_LIMIT = 10
_FIELDS = frozenset({"limit", "cursor", "user_id", "mode"})
_LONGEST = 512


def hot_route(services: Services) -> Route:
    """The route that answers: plain Starlette, bytes in and out."""
    gate, limits = services.gate, services.limits

    async def feed(request: Request) -> Response:
        caller = gate.caller(request)
        values = query_of(request.scope["query_string"], _FIELDS)
        mode = values.get("mode", MODES[0])
        if mode not in MODES:
            raise BadRequest("mode", "expected " + " or ".join(MODES))
        if len(values.get("cursor", "")) > _LONGEST or "\0" in values.get("cursor", ""):
            raise BadRequest("cursor", "can't be one of ours")
        notes = notes_of(request.scope)
        page = await services.feed.page(
            acting_for(caller, _user_id(values)),
            limit=whole_number(values, "limit", _DEFAULT_LIMIT, limits.page_limit),
            cursor=values.get("cursor") or None,
            mode=mode,
            now=services.clock(),
            request_id=request_id_of(request.scope),
            note=notes.of_page,
        )
        if notes.page is not None:
            services.metrics.answered(notes.page)
        return Response(page, media_type="application/json", headers={"cache-control": "no-store"})

    return Route(PATH, feed, methods=["GET"])


def _user_id(values: dict[str, str]) -> str | None:
    """As files of events give them, or none."""
    given = values.get("user_id")
    if given is None:
        return None
    try:
        if user_id := identifier(given):
            return user_id
    except ValueError as error:
        raise BadRequest("user_id", str(error)) from None
    raise BadRequest("user_id", "empty")


def documented(services: Services) -> APIRouter:
    """The same route for OpenAPI only: `hot_route` comes first and answers."""
    router = APIRouter(tags=["feed"])

    @router.get(
        PATH,
        response_model=FeedPageOut,
        responses=problems(401, 403, 422, 503),
        dependencies=[Depends(documented_bearer)],
        summary="The next page of the feed",
        operation_id="get_feed",
    )
    async def feed(
        limit: int = Query(_DEFAULT_LIMIT, ge=1, le=services.limits.page_limit, description="How many reels."),
        cursor: str | None = Query(
            None,
            description="`next_cursor` of the page before. Asked twice it gives the same page; without it a new "
            "session begins. A viewer's pages never overlap.",
        ),
        user_id: str | None = Query(None, description="Another viewer's feed; takes the scope admin or service."),
        mode: Literal["for_you", "latest"] = Query("for_you", description="Ranked for the viewer, or newest first."),
    ) -> FeedPageOut:
        """A page of reels for the viewer, ranked, explained and recorded.

        `degraded` names what the page had to do without: a store, the models, a source of candidates. Fewer items than
        asked for, and finally none with `next_cursor` null, mean that there is nothing unseen left.
        """
        raise NotImplementedError

    return router
