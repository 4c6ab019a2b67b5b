"""`reels api`: one API worker."""

import os
import socket
from typing import Annotated

import typer
import uvicorn
import uvloop
from threadpoolctl import threadpool_limits

from reels.api.metrics import Metrics
from reels.cli import logs
from reels.cli.uvicorn_server import SayingServer
from reels.settings import Settings
from reels.telemetry.exposition import shared_directory
from reels.wiring import open_api

SAYS = "api: serving"


def api(
    fd: Annotated[
        int | None, typer.Option(help="Serve on this inherited listening socket, not on host and port.")
    ] = None,
) -> None:
    """Run one API worker in the foreground."""
    settings = Settings()
    logs.configure(settings.log_level)
    with threadpool_limits(1):  # many requests side by side, not one on many cores: BLAS threads would spin for each
        uvloop.run(_serve(settings, fd))


async def _serve(settings: Settings, fd: int | None) -> None:
    async with open_api(settings, Metrics(shared_directory(os.environ))) as app:
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=10,
            timeout_keep_alive=30,
        )
        await SayingServer(config, SAYS, os.environ).serve(sockets=None if fd is None else [socket.socket(fileno=fd)])
