"""The app in server mode: Python runs here, the browser draws; one process beside the API.

The page, its files and its socket come from here; films and posters come from the API's own
address, so `/media` there needs CORS. Flet's own server sends cross-origin isolation headers
that would forbid those films; this one does not.
"""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import flet as ft
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from reels_app.app import AppConfig, start
from reels_app.viewer_connection import closing_expired, connect, forgive_late_answers
from reels_app.web_files import WebFiles, fallback_font, prepare

SESSION_SECONDS = 180
"""How long a viewer who went away can come back to where they were."""

FOR_EVER = "public, max-age=31536000, immutable"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src * data: blob:",
        "media-src * blob:",
        "connect-src * data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "frame-ancestors 'self'",
    ]
)
"""Pictures and films may come from wherever the catalogue keeps them; code only from here."""
PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def send_file(request: Request, web: WebFiles, path: Path) -> Response:
    """A file in the smallest form the browser takes; 404 for what is not there."""
    root = web.root.resolve()
    wanted = path.resolve()
    if not wanted.is_relative_to(root) or not wanted.is_file():
        return PlainTextResponse("not found", 404)
    kind = mimetypes.guess_type(wanted.name)[0] or "application/octet-stream"
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    accepted = request.headers.get("accept-encoding", "")
    for encoding, ending in ENCODINGS:
        packed = wanted.with_name(wanted.name + ending)
        if encoding in accepted and packed.exists():
            headers["Content-Encoding"] = encoding
            return FileResponse(packed, media_type=kind, headers=headers)
    return FileResponse(wanted, media_type=kind, headers=headers)


class Files:
    """The routes of everything that is not the socket."""

    def __init__(self, web: WebFiles) -> None:
        self.web, self.page = web, web.index("Reels")

    async def show_page(self, _: Request) -> Response:
        """The start page; asked for anew each time, unlike everything it loads."""
        return HTMLResponse(self.page, headers=PAGE_HEADERS)

    async def show_file(self, request: Request) -> Response:
        """A file of the web client."""
        return send_file(request, self.web, self.web.root / request.path_params["path"])

    async def show_asset(self, request: Request) -> Response:
        """A player's script asks for its parts at the root, whatever the base is."""
        return send_file(request, self.web, self.web.root / "assets" / request.path_params["path"])

    async def show_font(self, request: Request) -> Response:
        """The font we carry for what the engine asks for."""
        font = fallback_font(self.web, request.path_params["path"])
        if font is None:
            return PlainTextResponse("no such font", 404)
        return RedirectResponse(font, headers={"Cache-Control": FOR_EVER})

    def routes(self) -> list[BaseRoute]:
        """All of them, the most particular first."""
        return [
            Route("/healthz", healthy),
            Route(f"{self.web.base}fallback/{{path:path}}", self.show_font),
            Route(f"{self.web.base}{{path:path}}", self.show_file),
            Route("/assets/{path:path}", self.show_asset),
            Route("/", self.show_page),
            Route("/reel/{reel_id}", self.show_page),
        ]


async def healthy(_: Request) -> Response:
    """Says that the process serves."""
    return PlainTextResponse("ok")


def create_app(
    api_url: str,
    public_url: str | None = None,
    cache_dir: Path | None = None,
    session_seconds: int = SESSION_SECONDS,
) -> Starlette:
    """The ASGI app.

    `api_url` is where this process reaches the API, `public_url` where the browser does (the
    same when left out). Compressed files are kept in `cache_dir` (default: the user's cache).
    """
    ft.context.disable_auto_update()  # type: ignore[no-untyped-call]
    config = AppConfig(api_url.rstrip("/"), (public_url or api_url).rstrip("/"))
    files = Files(prepare(cache_dir or Path.home() / ".cache" / "reels-flutter-app"))
    clients: list[httpx.AsyncClient] = []

    async def main(page: ft.Page) -> None:
        forgive_late_answers(page.session)
        await start(page, clients[0], config)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        async with httpx.AsyncClient(timeout=10.0, limits=limits) as http, closing_expired():
            clients.append(http)
            yield
            clients.clear()

    socket = WebSocketRoute("/ws", connect(main, session_seconds))
    return Starlette(routes=[socket, *files.routes()], lifespan=lifespan)
