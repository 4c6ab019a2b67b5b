"""How many requests a worker takes on at once; beyond, they wait a moment for their turn, and then are turned away.

Without a bound a worker with more to do than it can would still begin everything: each answer would come later than
anybody waits for it, and the work be for nothing. A refusal costs a fraction of an answer, so that the others come in
time. Queue with a deadline: Nichols and Jacobson, "Controlling queue delay" (ACM Queue 10, 5, 2012), without its
control loop: the bound on what waits keeps the delay below the deadline in a short burst already.
"""

import asyncio
from collections.abc import Callable
from typing import Literal

from starlette.types import ASGIApp, Receive, Scope, Send

from reels.api.problems import REQUEST_ID, problem_of
from reels.core.errors import Overloaded

Why = Literal["full", "late"]
"""`full`: too many wait already. `late`: waited for as long as anybody may."""

ALWAYS = ("/healthz", "/readyz", "/metrics", "/media/")
"""Beginnings of paths let in at any time: who looks after the system, and films, whose time is the line's."""
RETRY_AFTER_SEC = 1


class Admission:
    """ASGI middleware: `at_once` requests are answered side by side, `waiting` more wait for up to `patience_sec`.

    `shed` is told of each that is turned away, with 503 and Retry-After. Nothing of it has been read by then.
    """

    def __init__(
        self,
        app: ASGIApp,
        at_once: int,
        waiting: int,
        patience_sec: float,
        shed: Callable[[Why], None],
    ) -> None:
        self._app, self._shed = app, shed
        self._places = asyncio.Semaphore(at_once)
        self._most_waiting, self._patience_sec = waiting, patience_sec
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS):
            await self._app(scope, receive, send)
            return
        why = await self._turn()
        if why is not None:
            self._shed(why)
            await problem_of(Overloaded(RETRY_AFTER_SEC), scope.get(REQUEST_ID, ""))(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._places.release()

    async def _turn(self) -> Why | None:
        """Takes a place; None = got one."""
        if not self._places.locked():
            await self._places.acquire()  # does not wait
            return None
        if self._waiting >= self._most_waiting:
            return "full"
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience_sec):
                await self._places.acquire()
        except TimeoutError:
            return "late"
        finally:
            self._waiting -= 1
        return None
