"""The HTTP application: every route, and what surrounds them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from pydantic.json_schema import models_json_schema
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

import reels
from reels.api import problems
from reels.api.admission import Admission
from reels.api.guarding import guarded
from reels.api.hot import HotRoutes
from reels.api.middleware import Guard, RequestContext
from reels.api.routes import (
    admin_feeds,
    admin_jobs,
    admin_policy,
    admin_reels,
    admin_stats,
    admin_viewers,
    auth,
    events,
    feed,
    health,
    jwks,
    me,
    media,
)
from reels.api.routes import reels as reel_routes
from reels.api.rules import rule_of
from reels.api.services import Services
from reels.schemas.problem import Problem
from reels.schemas.problem import problems as problem_responses

_MODULES: tuple[Any, ...] = (
    *(auth, jwks, reel_routes, me),
    *(admin_stats, admin_reels, admin_policy, admin_jobs, admin_feeds, admin_viewers, health),
)
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
    routers = [feed.documented(services), events.documented()]
    if services.extra_routes:
        routers.append(media.documented())
    routers += [module.routes(services) for module in _MODULES]
    # Not `include_router`: routes stay one flat list, and each of them gets its guard, the documentation's too.
    app.router.routes += [*hot, *(route for router in routers for route in router.routes)]
    app.router.routes[:] = [guarded(route, services) for route in app.router.routes]
    problems.install(app)
    _surround(app, services)
    _describe(app)
    return app


def _surround(app: FastAPI, services: Services) -> None:
    """Innermost first."""
    app.add_middleware(HotRoutes, ways=_ways(app, ("GET", "POST")))
    app.add_middleware(Guard, max_body_bytes=services.limits.max_body_bytes)
    limits = services.limits
    app.add_middleware(
        Admission,
        at_once=limits.requests_at_once,
        waiting=limits.requests_waiting,
        patience_sec=limits.longest_wait_ms / 1000,
        shed=services.metrics.shed,
    )
    if services.limits.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(services.limits.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH"],
            allow_headers=["authorization", "content-type", "x-request-id"],
            expose_headers=["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
            max_age=3600,
        )
    app.add_middleware(RequestContext, metrics=services.metrics, spans=services.spans)


def _ways(app: FastAPI, methods: Sequence[str]) -> dict[tuple[str, str], ASGIApp]:
    """The guarded hot routes: the first of their path."""
    found: dict[tuple[str, str], ASGIApp] = {}
    for route in reversed(app.router.routes):
        if isinstance(route, Route) and route.path in (feed.PATH, events.PATH):
            found |= {(method, route.path): route.app for method in route.methods or () if method in methods}
    return found


def _describe(app: FastAPI) -> None:
    """FastAPI's OpenAPI, with our problem responses in the place of its own validation errors."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, ours = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
            schemas = schema["components"]["schemas"]
            schemas |= ours["$defs"]
            for route in app.routes:
                _document_quota(route, schema["paths"])
            for operation in (one for path in schema["paths"].values() for one in path.values()):
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    operation["responses"]["422"] = problem_responses(422)[422]
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document_quota(route: BaseRoute, paths: dict[str, Any]) -> None:
    """Where a quota counts, the answer 429."""
    if isinstance(route, APIRoute):
        for method in route.methods or ():
            if rule_of(method, route.path).group and (found := paths.get(route.path_format, {}).get(method.lower())):
                found["responses"] |= problem_responses(429)
