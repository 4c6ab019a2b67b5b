"""The processes of a served system: API workers, the job worker and the app, started, watched and stopped together.

Each is a child that can't outlive this process. The API workers share one listening socket, opened here, so a worker
that is killed is replaced while the others go on answering. One that hangs is killed.
"""

import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from reels.cli.heartbeat import Heartbeat
from reels.core.errors import ConfigError, StoreError
from reels.stores.local import Child

_LOOK_EVERY_SEC = 0.25
_RESTART_REST_SEC = 1.0
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Processes:
    """Children in the order they were started."""

    logs: Path
    children: list[Child] = field(default_factory=list)
    stores: Sequence[Child] = ()
    """Processes started by others that are watched too, but not stopped."""
    ended: Callable[[], None] = lambda: None
    """Called when one has ended by itself, before it is started again."""
    _hearts: dict[str, Heartbeat] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(
        self,
        name: str,
        command: Sequence[str],
        says: str,
        ready: Callable[[], bool],
        keep: Sequence[int] = (),
        silent_sec: float = 30.0,
    ) -> Child:
        """Run `reels COMMAND` and wait until it serves; StoreError with the end of its log where it does not.

        silent_sec: what has given no sign of life for so long hangs.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        argv = [sys.executable, "-m", "reels", *command]

        def serves(started: Child) -> bool:
            return says in started.said() and ready()

        heart = self._hearts[name] = Heartbeat(silent_sec, time.monotonic)
        child = Child(
            name,
            argv,
            log=self.logs / f"{name}.log",
            ready=serves,
            keep_open=keep,
            environment=heart.environment,
        )
        self.children.append(child)
        child.start()
        return child

    def watch(self) -> None:
        """Until SIGINT or SIGTERM: start again what ended by itself, kill what hangs and start it again."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())
        while not self._stop.wait(_LOOK_EVERY_SEC):
            for child in self.children:
                if child.running and self._hearts[child.name].silent:
                    _log.warning("a process hangs and is killed", process=child.name, log=str(child.log))
                    child.kill()
            for child in (*self.stores, *self.children):
                if not child.running:
                    self._again(child)

    def stop(self) -> None:
        """All, the last started first."""
        for child in reversed(self.children):
            child.stop()
        for heart in self._hearts.values():
            heart.close()

    def _again(self, child: Child) -> None:
        _log.warning("a process ended and is started again", process=child.name, log=str(child.log))
        self.ended()
        if child.name in self._hearts:
            self._hearts[child.name].forget()
        try:
            child.start()
        except StoreError as error:
            _log.error("a process does not start", process=child.name, reason=str(error))
            self._stop.wait(_RESTART_REST_SEC)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket that children may inherit. ConfigError where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"can't listen on {host}:{port}: {error.strerror}; choose another with REELS_PORT"
            ) from None
        sock.listen(1024)
        sock.set_inheritable(True)
        yield sock


def answers(url: str, timeout_sec: float = 2.0) -> Callable[[], bool]:
    """A check that a GET of the address is answered with 200."""

    def check() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=timeout_sec) as answer:  # noqa: S310  our own http address  # nosec B310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return check


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for children started in the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
