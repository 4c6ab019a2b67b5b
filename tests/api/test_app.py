from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.api.serving import Served

from reels.api.app import create_app

pytestmark = pytest.mark.anyio


async def test_films_are_served_documented_and_counted_by_template(served: Served) -> None:
    async def film(request: Request) -> Response:
        return Response(request.path_params["reel_id"].encode(), media_type="video/mp4")

    app = create_app(replace(served.services, extra_routes=(Route("/media/{reel_id:path}.mp4", film),)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reels") as http:
        assert (await http.get("/media/a/b.mp4")).text == "a/b"
        schema = (await http.get("/openapi.json")).json()
        metrics = (await http.get("/metrics")).text
    assert "video/mp4" in schema["paths"]["/media/{reel_id}.mp4"]["get"]["responses"]["200"]["content"]
    assert 'route="/media/{reel_id:path}.mp4",status="200"' in metrics
    assert "media/a/b" not in metrics


async def test_background_work_starts_and_ends_with_the_app(served: Served) -> None:
    said: list[str] = []

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        said.append("begun")
        yield
        said.append("ended")

    app = create_app(replace(served.services, lifespan=lifespan))
    async with app.router.lifespan_context(app):
        assert said == ["begun"]
    assert said == ["begun", "ended"]
