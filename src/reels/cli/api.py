"""`reels api`: one API worker."""

import os
import socket
from typing import Annotated

import typer
import uvicorn
import uvloop

from reels.cli import logs
from reels.cli.uvicorn_server import SayingServer
from reels.settings import Settings

SAYS = "api: serving"


def api(
    fd: Annotated[
        int | None, typer.Option(help="Serve on this inherited listening socket, not on host and port.")
    ] = None,
) -> None:
    """Run one API worker in the foreground."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # many requests side by side, not one on many cores
    settings = Settings()
    logs.configure(settings.log_level)
    uvloop.run(_serve(settings, fd))


async def _serve(settings: Settings, fd: int | None) -> None:
    from reels.wiring import open_api  # only now: it loads numpy, which reads the thread limits once

    async with open_api(settings) as app:
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
            timeout_keep_alive=30,
        )
        await SayingServer(config, SAYS).serve(sockets=None if fd is None else [socket.socket(fileno=fd)])
