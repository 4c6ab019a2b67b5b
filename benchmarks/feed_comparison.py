"""Beside the real API: plain FastAPI and ready bytes under the same load, and a flame graph of the real one."""

import asyncio
import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import redis.asyncio
from benchmarks.feed_client import Client, Reader
from benchmarks.feed_system import Serving, reel_ids, some_of

if TYPE_CHECKING:
    from benchmarks.performance import Bench

START_SEC = 120.0
FLAME_SEC = 10


@asynccontextmanager
async def beside(kind: str, on: Serving, readers: list[Reader]) -> AsyncIterator[tuple[int, int]]:
    """Process id and port of the reference, with the readers' histories where it looks for them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if kind == "plain":
        await _histories(on, readers)
    command = [sys.executable, "-m", "benchmarks.feed_reference", kind, str(on.settings.data_dir), str(port)]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        await _answers(port, readers)
        for reader in readers:
            reader.cursor = ""
        yield process.pid, port
    finally:
        process.terminate()
        await process.wait()
        for reader in readers:
            reader.cursor = ""


async def _histories(on: Serving, readers: list[Reader]) -> None:
    rng = np.random.default_rng(1)
    names = reel_ids(on.snapshot, rng, 150)
    async with redis.asyncio.Redis.from_url(os.environ["REELS_REDIS_URL"]) as client:
        for reader in readers:
            history = [[one, 1.0 if rng.random() < 0.7 else -0.3] for one in some_of(names, rng, 100)]
            await client.set(f"ref:{reader.user_id}", json.dumps({"history": history}))
            await client.delete(f"ref:{reader.user_id}:seen", f"ref:{reader.user_id}:candidates")


async def _answers(port: int, readers: list[Reader]) -> None:
    """Waits until it does; then one page of each viewer, so that all are warm."""
    loop = asyncio.get_running_loop()
    end = loop.time() + START_SEC
    while True:
        client = Client(port)
        try:
            await client.ask(readers[0].ask())
            break
        except OSError:
            if loop.time() > end:
                raise
            await asyncio.sleep(0.2)
    for reader in readers:
        reader.cursor = ""
        await client.ask(reader.ask())
    client.close()


async def flames(on: Serving, bench: "Bench", into: Path, *, quick: bool) -> bool:
    """A flame graph of the API process under 16 clients, where py-spy is installed."""
    program = shutil.which("py-spy") or shutil.which("py-spy", path=str(Path(sys.executable).parent))
    if program is None or quick:
        return False
    into.parent.mkdir(parents=True, exist_ok=True)
    from benchmarks.feed_system import with_history

    readers = await with_history(on, "f", 64, 100)
    command = [program, "record", "-d", str(FLAME_SEC), "-r", "200", "--gil", "-p", str(on.pid), "-o", str(into)]
    recording = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    while recording.returncode is None:
        await bench.pages(readers, 16)
    return recording.returncode == 0
