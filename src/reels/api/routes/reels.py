"""GET /reels/{reel_id}."""

from fastapi import APIRouter, Depends
from starlette.responses import Response

from reels.api.auth import documented_bearer
from reels.api.services import Services
from reels.core.errors import UnknownReel
from reels.core.keys import keys_of
from reels.core.public import public_fields
from reels.core.types import ReelStatus
from reels.schemas.problem import problems
from reels.schemas.reel import ReelOut


def routes(services: Services) -> APIRouter:
    """One reel, for deep links."""
    router = APIRouter(tags=["reels"], dependencies=[Depends(documented_bearer)])

    @router.get(
        "/reels/{reel_id:path}",
        response_model=ReelOut,
        responses=problems(401, 403, 404, 503),
        summary="One reel",
        operation_id="get_reel",
    )
    async def reel(reel_id: str) -> Response:
        """Public fields of a reel. One that is blocked or removed is not there."""
        fields = _in_memory(services, reel_id) or await _stored(services, reel_id)
        return Response(b"{%b}" % fields, media_type="application/json")

    return router


def _in_memory(services: Services, reel_id: str) -> bytes | None:
    models = services.models()
    if models is None:
        return None
    row = int(models.rows_of(keys_of([reel_id]))[0])
    return models.reel_json(row) if row >= 0 and models.active[row] else None


async def _stored(services: Services, reel_id: str) -> bytes:
    """The store knows what the models have not heard of yet."""
    found = (await services.stores.reels.get([reel_id])).get(reel_id) if reel_id.isprintable() else None
    if found is None or found.reel.status is not ReelStatus.ACTIVE:
        raise UnknownReel(reel_id)
    return public_fields(found.reel)
