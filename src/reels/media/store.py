"""Films and posters on disk: drawn when first asked for, once however many ask, the longest unused thrown away."""

import asyncio
import contextlib
import hashlib
import heapq
import importlib.util
import itertools
import os
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path

from reels.core.errors import ConfigError, StoreUnavailable
from reels.media.drawer import Drawer
from reels.media.form import VERSION, FilmFormat

_PLAIN = re.compile(r"[a-z0-9_-]{1,80}")
"""Reel ids that are file names as they are, on any file system; every other id is hashed."""

STALE_SEC = 3600.0
"""An unfinished file this old was left by a process that was killed."""


class MediaKind(StrEnum):
    """What can be asked for; the value is the file's ending."""

    FILM = "mp4"
    POSTER = "jpg"


def topic_hint(tags: Iterable[str]) -> str:
    """The hint of a reel: its first five tags that say something, joined with commas."""
    return ", ".join([tag.strip() for tag in tags if tag.strip()][:5])


class MediaStore:
    """The cache and the drawers behind it. Belongs to one event loop; several processes may share the directory.

    `directory` is made when missing. `clock` gives epoch seconds and orders the files by use (kept as access time: the
    modification time stays what HTTP was told). `largest_bytes` bounds the directory, `drawers` the processes that draw
    at a time, `longest_queue` the drawings asked for at a time: beyond it `StoreUnavailable` is raised at once.
    Raises ConfigError when the extra `media` is not installed.
    """

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], float],
        *,
        form: FilmFormat | None = None,
        largest_bytes: int = 1 << 30,
        drawers: int = 2,
        longest_queue: int = 64,
    ) -> None:
        for module in ("av", "PIL"):
            if importlib.util.find_spec(module) is None:
                raise ConfigError(
                    f"films need the package {module!r}: install the extra `media` (pip install reels[media])"
                )
        directory.mkdir(parents=True, exist_ok=True)
        self.directory, self.form = directory, form or FilmFormat()
        self._clock, self._largest_bytes, self._longest_queue = clock, largest_bytes, longest_queue
        self._pending: dict[Path, asyncio.Task[bool]] = {}
        self._drawers = [Drawer() for _ in range(drawers)]
        self._free = list(self._drawers)
        self._waiting: list[tuple[bool, int, asyncio.Future[Drawer]]] = []
        self._order = itertools.count()
        self._evicting = asyncio.Lock()

    def path(self, kind: MediaKind, reel_id: str, hint: str) -> Path:
        """Where a reel's film or poster is or would be: always directly in the directory, whatever the id.

        Another hint, form or drawing version is another file: a reel whose tags change gets a new film.
        """
        look = _digest(f"{VERSION}|{self.form}|{hint.casefold()}", 5)
        name = reel_id if _PLAIN.fullmatch(reel_id) else "=" + _digest(reel_id, 16)
        return self.directory / f"{name}.{look}.{kind}"

    def kept(self, kind: MediaKind, reel_id: str, hint: str) -> Path | None:
        """The file if it has been drawn, noted as used now; None when it would have to be drawn."""
        path = self.path(kind, reel_id, hint)
        try:
            modified = path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        with contextlib.suppress(OSError):  # of another user: served all the same
            os.utime(path, ns=(int(self._clock() * 1e9), modified))
        return path

    async def get(self, kind: MediaKind, reel_id: str, hint: str) -> Path:
        """The file, drawn if need be; who asks while it is being drawn waits for the same drawing.

        Raises StoreError when it can't be drawn, StoreUnavailable when too many drawings wait already.
        """
        path = self.kept(kind, reel_id, hint)
        if path is not None:
            return path
        path = self.path(kind, reel_id, hint)
        drawing = self._pending.get(path)
        if drawing is None:
            if len(self._pending) >= self._longest_queue:
                raise StoreUnavailable("the film drawer", f"{len(self._pending)} drawings wait already")
            drawing = self._pending[path] = asyncio.create_task(self._draw(path, kind, reel_id, hint))
            drawing.add_done_callback(lambda task: self._forget(path, task))
        await asyncio.shield(drawing)  # one who leaves does not spoil it for the others
        return path

    async def aclose(self) -> None:
        """Stop drawing and end the drawing processes. What was kept stays."""
        tasks = list(self._pending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for drawer in self._drawers:
            await drawer.close()

    async def _draw(self, path: Path, kind: MediaKind, reel_id: str, hint: str) -> bool:
        drawer = await self._take_drawer(urgent=kind is MediaKind.POSTER)
        try:
            drawn = await drawer.draw(path, reel_id, hint, self.form)
        finally:
            self._give_back(drawer)
        if drawn:
            now = self._clock()
            os.utime(path, (now, now))
            async with self._evicting:
                await asyncio.to_thread(evict, self.directory, self._largest_bytes, now, keep=path)
        return drawn

    def _forget(self, path: Path, task: asyncio.Task[bool]) -> None:
        del self._pending[path]
        if not task.cancelled():
            task.exception()  # everyone who asked may have left; the next one who asks sees it again

    async def _take_drawer(self, urgent: bool) -> Drawer:
        """The next free drawer: posters (30 ms) before films (1.5 s), else in the order of asking."""
        if self._free:
            return self._free.pop()
        waiter: asyncio.Future[Drawer] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not urgent, next(self._order), waiter))
        return await waiter

    def _give_back(self, drawer: Drawer) -> None:
        while self._waiting:
            _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done():
                waiter.set_result(drawer)
                return
        self._free.append(drawer)


def evict(directory: Path, largest_bytes: int, now: float, keep: Path | None = None) -> list[Path]:
    """Delete the files longest unused until the rest fit, and what killed processes left; returns the former.

    Goes a tenth below the bound, so that not every drawing looks through the directory for one file to delete.
    """
    files: list[tuple[int, str, int]] = []
    gone: list[Path] = []
    total = 0
    for entry in os.scandir(directory):
        status = entry.stat()
        if entry.name.endswith(".tmp") and now - status.st_mtime > STALE_SEC:
            Path(entry.path).unlink(missing_ok=True)
        elif entry.name.endswith(tuple(f".{kind}" for kind in MediaKind)):
            files.append((status.st_atime_ns, entry.path, status.st_size))
            total += status.st_size
    if total <= largest_bytes:
        return gone
    for _, name, size in sorted(files):
        if total <= largest_bytes * 0.9:
            break
        path = Path(name)
        if path != keep:
            path.unlink(missing_ok=True)
            gone.append(path)
            total -= size
    return gone


def _digest(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()
