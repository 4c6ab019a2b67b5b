"""A device without a screen: speaks Flet's protocol with the real server, and answers what it is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgpack
import uvicorn
import websockets

REGISTER, EVENT, INVOKE = 1, 3, 5


@dataclass
class Device:
    """One tab. `kept` is its local storage, `words` whatever text it was sent."""

    url: str
    session_id: str = ""
    kept: dict[str, str] = field(default_factory=dict)
    words: str = ""
    answering: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Device"]:
        """Open a connection, take up the session there was, and answer until the block ends."""
        async with websockets.connect(self.url, max_size=None) as socket:
            page = {"route": "/", "width": 390, "height": 844, "web": True, "platform": "linux"}
            await self._send(socket, REGISTER, {"session_id": self.session_id, "page_name": "", "page": page})
            self.answering = answering = asyncio.create_task(self._answer(socket))
            try:
                yield self
            finally:
                answering.cancel()

    async def closed(self) -> None:
        """Wait until the server closes the connection; raises what it said."""
        assert self.answering is not None
        await self.answering

    async def _answer(self, socket: Any) -> None:
        while True:
            data = await socket.recv()
            action, body = msgpack.unpackb(data[1:], strict_map_key=False, ext_hook=lambda _, value: value)
            self.words += str(body)
            if action == REGISTER:
                self.session_id = body["session_id"]
            elif action == INVOKE:
                answer = {"control_id": body["control_id"], "call_id": body["call_id"], "error": None}
                await self._send(socket, INVOKE, answer | {"result": self._do(body["name"], body.get("args") or {})})

    def _do(self, name: str, arguments: dict[str, Any]) -> object:
        if name == "set":
            self.kept[arguments["key"]] = arguments["value"]
        return self.kept.get(arguments.get("key", "")) if name == "get" else None

    async def _send(self, socket: Any, action: int, body: object) -> None:
        await socket.send(b"\0" + msgpack.packb([action, body]))


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The address at which an ASGI app is served, as `reels ui` serves it."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=0,
            http="httptools",
            ws="websockets-sansio",
            log_config=None,
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  it has no event for this
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
