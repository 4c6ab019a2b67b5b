"""GET /healthz, /readyz, /metrics: for whoever runs it."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from reels.api.metrics import CONTENT_TYPE
from reels.api.services import Services


class Health(BaseModel):
    """Whether the process lives, or can answer well."""

    status: str
    missing: list[str] = []


def routes(services: Services) -> APIRouter:
    """No token needed; the proxy keeps strangers out of /metrics."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Does the process live", operation_id="get_healthz")
    async def healthz() -> Health:
        """Always 200 while the process answers at all."""
        return Health(status="ok")

    @router.get(
        "/readyz",
        response_model=Health,
        responses={503: {"model": Health, "description": "Not yet: `missing` says what for."}},
        summary="Can it answer well",
        operation_id="get_readyz",
    )
    async def readyz() -> Response:
        """200 once the models are warm; a store that is down later does not make it unready, the feed goes on."""
        missing = list(await services.unready())
        body = {"status": "waiting" if missing else "ready", "missing": missing}
        return JSONResponse(body, 503 if missing else 200)

    @router.head("/healthz", include_in_schema=False)
    async def alive() -> Response:
        """For probes that send HEAD."""
        return Response()

    @router.head("/readyz", include_in_schema=False)
    async def ready() -> Response:
        """For probes that send HEAD."""
        return Response(status_code=503 if await services.unready() else 200)

    @router.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
        summary="Prometheus metrics",
        operation_id="get_metrics",
    )
    async def metrics() -> Response:
        """Rate, errors and duration by route, stages of the feed, events, age of the models."""
        return Response(services.metrics.render(), media_type=CONTENT_TYPE)

    return router
