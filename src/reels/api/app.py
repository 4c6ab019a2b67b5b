"""The HTTP application: every route, and what surrounds them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from pydantic.json_schema import models_json_schema
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import reels
from reels.api import problems
from reels.api.middleware import ROUTE, Guard, RequestContext
from reels.api.routes import (
    admin_feeds,
    admin_jobs,
    admin_policy,
    admin_reels,
    admin_stats,
    auth,
    events,
    feed,
    health,
    me,
    media,
)
from reels.api.routes import reels as reel_routes
from reels.api.services import Services
from reels.schemas.problem import Problem
from reels.schemas.problem import problems as problem_responses

_ABOUT = """Personalised short-video feed.

1. `POST /auth/device` makes a viewer and gives tokens. 2. `GET /feed` answers a page; follow `next_cursor`.
3. `POST /events` tells what the viewer did: the next page obeys.

Errors are problem responses (RFC 9457). Every response carries `x-request-id`."""


def create_app(services: Services) -> FastAPI:
    """The app of one worker process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if services.lifespan is None:
            yield
        else:
            async with services.lifespan():
                yield

    app = FastAPIOffline(
        title="reels", version=reels.__version__, description=_ABOUT, lifespan=lifespan, redirect_slashes=False
    )
    # The hot routes come first and answer; FastAPI's routes of the same paths are there for OpenAPI.
    hot = [feed.hot_route(services), events.hot_route(services), *services.extra_routes]
    app.router.routes.extend(_named(route) for route in hot)
    app.include_router(feed.documented(services))
    app.include_router(events.documented())
    if services.extra_routes:
        app.include_router(media.documented())
    for module in (auth, reel_routes, me, admin_stats, admin_reels, admin_policy, admin_jobs, admin_feeds, health):
        app.include_router(module.routes(services))
    problems.install(app)
    _surround(app, services)
    _describe(app)
    return app


def _named(route: Route) -> Route:
    """The route, telling the log and the metrics its path template as FastAPI's do."""
    answer = route.app

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE] = route.path
        await answer(scope, receive, send)

    route.app = named
    return route


def _surround(app: FastAPI, services: Services) -> None:
    """Innermost first."""
    app.add_middleware(Guard, max_body_bytes=services.limits.max_body_bytes)
    if services.limits.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(services.limits.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH"],
            allow_headers=["authorization", "content-type", "x-request-id"],
            expose_headers=["x-request-id", "retry-after"],
            max_age=3600,
        )
    app.add_middleware(RequestContext, metrics=services.metrics, spans=services.spans)


def _describe(app: FastAPI) -> None:
    """FastAPI's OpenAPI, with our problem responses in the place of its own validation errors."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, ours = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
            schemas = schema["components"]["schemas"]
            schemas |= ours["$defs"]
            for operation in (one for path in schema["paths"].values() for one in path.values()):
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    operation["responses"]["422"] = problem_responses(422)[422]
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
