"""Uvicorn, saying when it serves and that it lives: whoever started the process waits for the word."""

import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack

import typer
import uvicorn

from reels.cli.heartbeat import beating


class SayingServer(uvicorn.Server):
    """Prints `says` to stderr once it listens, and beats from then on."""

    def __init__(self, config: uvicorn.Config, says: str, environment: Mapping[str, str]) -> None:
        super().__init__(config)
        self._says = says
        self._environment = environment
        self._life = AsyncExitStack()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; the heart beats until the last request is answered."""
        async with self._life:
            await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, then the word."""
        await super().startup(sockets)
        if self.started:
            await self._life.enter_async_context(beating(self._environment))
            typer.echo(self._says, err=True)
