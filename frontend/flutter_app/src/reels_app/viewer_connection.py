"""A viewer's connection and session in server mode, over Flet's own: nothing stays of one who has left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any

import flet as ft
from flet.messaging.protocol import MessageAction
from flet.messaging.session import Session
from flet_web.fastapi import FletApp, app_manager
from starlette.websockets import WebSocket, WebSocketDisconnect

from reels_app.hints import Hints, client_hints
from reels_app.strings import preferred

logger = logging.getLogger(__name__)

SESSION_GONE = 4000
"""Why a connection is closed: the page loads itself anew then (`web/index.html`)."""

LOOK_EVERY = 5.0
"""Seconds between two looks for sessions whose viewer did not come back."""


def hints_of(websocket: WebSocket) -> Hints:
    """What the browser said of itself when it connected."""
    cookies: SimpleCookie = SimpleCookie(websocket.headers.get("cookie", ""))
    motion = cookies["motion"].value if "motion" in cookies else ""
    return Hints(
        language=preferred(websocket.headers.get("accept-language", "")),
        still=motion == "reduce",
        origin=websocket.headers.get("origin", ""),
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
        self.socket, self.again = websocket, "again" in websocket.query_params
        try:
            await super().handle(QuietSocket(websocket))
        except AttributeError:  # there is no session to mark as left
            if self._FletApp__session is not None:
                raise

    async def _FletApp__on_message(self, data: Any) -> None:  # noqa: N802  Flet's name
        """Let a page whose session is gone begin anew: its controls bear numbers that mean others by now."""
        lost = self.again and data[0] == MessageAction.REGISTER_CLIENT.value
        if lost and data[1].get("session_id") not in {session.id for session in sessions().values()}:
            await self.socket.close(SESSION_GONE)
            raise WebSocketDisconnect(SESSION_GONE)
        await super()._FletApp__on_message(data)

    async def _FletApp__receive_loop(self) -> None:  # noqa: N802  Flet's name
        """Also end the sender of a connection that never said who it is: Flet would wait for it for ever."""
        await super()._FletApp__receive_loop()
        if self._FletApp__session is None and self._FletApp__send_queue is not None:
            self._FletApp__send_queue.put_nowait(None)

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


def sessions() -> dict[str, Session]:
    """Flet's sessions by their keys, connected or waiting for their viewer to come back."""
    held: dict[str, Session] = app_manager._FletAppManager__sessions
    return held


async def close_expired(now: datetime) -> None:
    """Close the sessions whose viewer did not come back in time."""
    left = [key for key, session in sessions().items() if session.expires_at and session.expires_at < now]
    for key in left:
        await app_manager.delete_session(key)


@asynccontextmanager
async def closing_expired(every: float = LOOK_EVERY) -> AsyncIterator[None]:
    """Close expired sessions meanwhile.

    Flet's own task for this would keep the session it looked at last alive in a local variable.
    """

    async def look() -> None:
        while True:
            await asyncio.sleep(every)
            await close_expired(datetime.now(UTC))

    looking = asyncio.get_running_loop().create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
