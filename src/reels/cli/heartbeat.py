"""Signs of life to whoever looks after this process, so that one that hangs is started again, not only one that ends.

The protocol is systemd's (sd_notify(3)): datagrams to the socket in `NOTIFY_SOCKET`, `READY=1` once and `WATCHDOG=1`
again and again. systemd listens where a unit sets `WatchdogSec`, `reels serve` does for its own processes. They are
sent from the event loop, and so stop when it does.
"""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

READY, ALIVE = b"READY=1", b"WATCHDOG=1"
EVERY_SEC = 2.0


@asynccontextmanager
async def beating(environment: Mapping[str, str]) -> AsyncIterator[None]:
    """READY now, ALIVE every two seconds while the block runs; nothing where nobody listens."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        yield
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.setblocking(False)
        where = "\0" + address[1:] if address.startswith("@") else address
        task = asyncio.create_task(_beat(to, where))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


async def _beat(to: socket.socket, where: str) -> None:
    word = READY
    while True:
        with contextlib.suppress(OSError):  # nobody reads just now: the next beat says the same
            to.sendto(word, where)
            word = ALIVE
        await asyncio.sleep(EVERY_SEC)


class Heartbeat:
    """The ear of one child: when it was last heard. Made before the child starts, and told whenever it starts again."""

    def __init__(self, limit_sec: float, ticks: Callable[[], float]) -> None:
        self.limit_sec = limit_sec
        self._ticks = ticks
        self._directory = tempfile.TemporaryDirectory(prefix="reels-")  # short: a socket's path has some 100 bytes
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._path = Path(self._directory.name) / "alive"
        self._socket.bind(str(self._path))
        self._heard: float | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What the child must be told."""
        return {"NOTIFY_SOCKET": str(self._path)}

    @property
    def silent(self) -> bool:
        """Whether a child that has spoken has been silent for longer than the limit. Not while it starts."""
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(64):
                self._heard = self._ticks()
        return self._heard is not None and self._ticks() - self._heard > self.limit_sec

    def forget(self) -> None:
        """The child is another one now."""
        self.silent  # noqa: B018  reads what the old one still said
        self._heard = None

    def close(self) -> None:
        """No more listening."""
        self._socket.close()
        self._directory.cleanup()
