"""The app in server mode: Python runs here, the browser draws; one process beside the API.

The page, its files and its socket come from here; films and posters come from the API's own
address, so `/media` there needs CORS. Flet's own server sends cross-origin isolation headers
that would forbid those films; this one does not.
"""

from __future__ import annotations

import asyncio
import logging
import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import flet as ft
import httpx
from flet.messaging.session import Session
from flet_web.fastapi import FletApp, app_manager
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from reels_app.app import AppConfig, start
from reels_app.hints import Hints, client_hints
from reels_app.strings import preferred
from reels_app.web_files import WebFiles, fallback_font, prepare

logger = logging.getLogger(__name__)

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


def hints_of(websocket: WebSocket) -> Hints:
    """What the browser said of itself when it connected."""
    cookies: SimpleCookie = SimpleCookie(websocket.headers.get("cookie", ""))
    motion = cookies["motion"].value if "motion" in cookies else ""
    return Hints(
        language=preferred(websocket.headers.get("accept-language", "")),
        still=motion == "reduce",
        origin=websocket.headers.get("origin", ""),
    )


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
    web = prepare(cache_dir or Path.home() / ".cache" / "reels-flutter-app")
    page = web.index("Reels")
    clients: list[httpx.AsyncClient] = []

    async def main(flet_page: ft.Page) -> None:
        forgive_late_answers(flet_page.session)
        await start(flet_page, clients[0], config)

    async def show_page(_: Request) -> Response:
        return HTMLResponse(
            page,
            headers={
                "Cache-Control": "no-cache",
                "Content-Security-Policy": POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "same-origin",
            },
        )

    async def show_file(request: Request) -> Response:
        return send_file(request, web, web.root / request.path_params["path"])

    async def show_asset(request: Request) -> Response:
        # A player's script asks for its parts at the root, whatever the base is.
        return send_file(request, web, web.root / "assets" / request.path_params["path"])

    async def show_font(request: Request) -> Response:
        font = fallback_font(web, request.path_params["path"])
        if font is None:
            return PlainTextResponse("no such font", 404)
        return RedirectResponse(font, headers={"Cache-Control": FOR_EVER})

    async def healthy(_: Request) -> Response:
        return PlainTextResponse("ok")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        async with httpx.AsyncClient(timeout=10.0, limits=limits) as http:
            clients.append(http)
            await app_manager.start()
            yield
            await app_manager.shutdown()
            clients.clear()

    return Starlette(
        routes=[
            WebSocketRoute("/ws", connect(main, session_seconds)),
            Route("/healthz", healthy),
            Route(f"{web.base}fallback/{{path:path}}", show_font),
            Route(f"{web.base}{{path:path}}", show_file),
            Route("/assets/{path:path}", show_asset),
            Route("/", show_page),
            Route("/reel/{reel_id}", show_page),
        ],
        lifespan=lifespan,
    )


class QuietSocket:
    """A socket that does not mind sending to someone who has just left.

    Flet's sender would raise there, and its handler would then never mark the session as left:
    it would stay in memory for ever. Leaving is noticed by the receiver instead.
    """

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket

    def __getattr__(self, name: str) -> Any:
        return getattr(self.socket, name)

    async def send_bytes(self, data: bytes) -> None:
        """Send, or drop what nobody receives any more."""
        try:
            await self.socket.send_bytes(data)
        except (WebSocketDisconnect, RuntimeError) as error:
            logger.debug("not sent, the viewer has left: %s", error)


class ViewerConnection(FletApp):  # type: ignore[misc]
    """One connection of one viewer; what is said between its end and the session's knowing of it is dropped."""

    async def handle(self, websocket: WebSocket) -> None:
        """Serve the connection until it ends."""
        await super().handle(QuietSocket(websocket))

    def send_message(self, message: Any) -> None:
        """Queue a message for the viewer, if still there."""
        try:
            super().send_message(message)
        except AttributeError:  # its queue is gone already
            logger.debug("not queued, the viewer has left")


def forgive_late_answers(session: Session) -> None:
    """Let an answer for a control that is gone be dropped, not the viewer's connection.

    A player may answer "paused" after its page has been taken out, as when the viewer changes the feed.
    """
    handle = session.handle_invoke_method_results

    def forgiving(control_id: int, call_id: str, result: Any, error: str | None) -> None:
        try:
            handle(control_id, call_id, result, error)
        except RuntimeError as late:
            logger.debug("late answer dropped: %s", late)

    session.handle_invoke_method_results = forgiving  # type: ignore[method-assign]


def connect(main: Callable[[ft.Page], object], session_seconds: int) -> Callable[..., object]:
    """The socket's endpoint: one connection of one viewer."""

    async def endpoint(websocket: WebSocket) -> None:
        client_hints.set(hints_of(websocket))
        await ViewerConnection(
            loop=asyncio.get_running_loop(),
            executor=app_manager.executor,
            main=main,
            before_main=None,
            session_timeout_seconds=session_seconds,
        ).handle(websocket)

    return endpoint
