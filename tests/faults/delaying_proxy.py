"""A TCP proxy that keeps what goes through it waiting: a slow store, or a slow network."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Delay:
    """A proxy to `target`, a port of this machine. `seconds`, each way, may be changed at any moment."""

    target: int
    port: int = 0
    seconds: float = 0.0
    _up: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        await asyncio.to_thread(self._stop.wait)
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, asking = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        with suppress(asyncio.CancelledError):  # the end of the proxy
            await asyncio.gather(self._pass_on(reader, asking), self._pass_on(answers, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await asyncio.sleep(self.seconds)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@contextmanager
def delaying(port: int) -> Iterator[Delay]:
    """A proxy on a free port to `port` of this machine."""
    proxy = Delay(port)
    thread = threading.Thread(target=lambda: asyncio.run(proxy._serve()), daemon=True)
    thread.start()
    assert proxy._up.wait(30)
    try:
        yield proxy
    finally:
        proxy._stop.set()
        thread.join(30)
