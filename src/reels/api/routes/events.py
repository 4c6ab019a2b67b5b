"""POST /events."""

import orjson
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reels.api.auth import documented_bearer
from reels.api.notes import notes_of
from reels.api.query import query_of
from reels.api.services import Services
from reels.schemas.events import EventBatch, Receipt, receipt_of
from reels.schemas.problem import problems

PATH = "/events"


def hot_route(services: Services) -> Route:
    """The route that answers: plain Starlette, each event read on its own."""
    gate = services.gate

    async def events(request: Request) -> Response:
        caller = gate.caller(request)
        query_of(request.scope["query_string"], ())
        body, now = await request.body(), services.clock()
        receipt = await services.ingest.take(caller.user_id, body, now)
        services.metrics.events(receipt, services.clock() - now)
        notes_of(request.scope).of_receipt(receipt)
        return Response(orjson.dumps(receipt_of(receipt)), media_type="application/json")

    return Route(PATH, events, methods=["POST"])


def documented() -> APIRouter:
    """The same route for OpenAPI only: `hot_route` comes first and answers."""
    router = APIRouter(tags=["events"])

    @router.post(
        PATH,
        response_model=Receipt,
        responses=problems(401, 403, 413, 422, 503),
        dependencies=[Depends(documented_bearer)],
        summary="What the viewer did",
        operation_id="post_events",
    )
    async def events(batch: EventBatch) -> Receipt:
        """Stores up to 500 events and obeys them from the next page on.

        Answered means on disk. The same batch may be sent again, in any order and in other batches: each event counts
        once. An event that can't be used is rejected alone, with its index and why. On 503 send the same again.
        """
        raise NotImplementedError

    return router
