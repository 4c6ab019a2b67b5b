"""Uvicorn, saying when it serves: whoever started the process waits for the word."""

import socket

import typer
import uvicorn


class SayingServer(uvicorn.Server):
    """Prints `says` to stderr once it listens."""

    def __init__(self, config: uvicorn.Config, says: str) -> None:
        super().__init__(config)
        self._says = says

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, then the word."""
        await super().startup(sockets)
        if self.started:
            typer.echo(self._says, err=True)
