"""One store as a child process: started, watched, killed and started again.

It has its own session, so Ctrl-C in the terminal reaches only the program, which then closes the
stores in order; and it never outlives the program, not even `kill -9` of it (see `guard`).
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from reels.core.errors import StoreError
from reels.stores.local import forker
from reels.stores.local.ports import free_port

Tie = Literal["pdeathsig", "pipe"]
"""How a child learns of its parent's death: from the kernel (Linux) or from a closed pipe."""

TIE: Tie = "pdeathsig" if sys.platform == "linux" else "pipe"

_GUARD = Path(__file__).with_name("guard.py")
_LOG_LIMIT = 5_000_000
_POLL_SEC = 0.02
_SHOWN_LINES = 8
_PORT_TRIES = 5


class Child:
    """A store's process. `argv[0]` is an absolute path.

    ready: whether it serves. It must ask `owns` about the process id the server tells: somebody
    else's server may have been quicker to take the address, and would look like ours.
    keep_open: file descriptors the child inherits (the directory's lock).
    ready_within: seconds from the start until it must be ready.
    environment: variables the child has beside ours.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        ready: Callable[["Child"], bool],
        keep_open: Sequence[int] = (),
        ready_within: float = 60.0,
        tie: Tie = TIE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.argv = tuple(argv)
        self.log = log
        self._ready = ready
        self._keep_open = tuple(keep_open)
        self._ready_within = ready_within
        self._tie = tie
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: int | None = None
        self._log_from = 0

    @property
    def pid(self) -> int:
        """The process id; the guard's where the guard stays. Raises StoreError when not started."""
        if self._process is None:
            raise StoreError(f"{self.name} is not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there (it may be paused)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it serves. Nothing happens when it already runs.

        Raises StoreError with the end of its log when it ends early or is not ready in time.
        """
        if self.running:
            return
        self._fork()
        deadline = time.monotonic() + self._ready_within
        try:
            while not self._ready(self):
                self._must_be_alive(deadline)
                time.sleep(_POLL_SEC)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL, as a crash would: nothing is flushed. Returns when the process is gone."""
        self._signal(signal.SIGKILL)
        self._reap(None)

    def stop(self, timeout: float = 15.0) -> None:
        """SIGTERM, and SIGKILL after `timeout` seconds. Nothing happens when it is not running."""
        self._signal(signal.SIGTERM)
        self.resume()
        try:
            self._reap(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> None:
        """Stop it if it runs, then start the same command again: same data, same address."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers, like a store that hangs."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after `pause`."""
        self._signal(signal.SIGCONT)

    def owns(self, pid: int) -> bool:
        """Whether this process id is the store's, be there a guard or not."""
        try:
            return os.getpgid(pid) == self.pid
        except OSError:  # no such process, or one that is none of ours
            return False

    def said(self) -> str:
        """What the store logged since it was last started (the last megabyte of it)."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(self._log_from, self.log.stat().st_size - 1_000_000))
            return file.read().decode(errors="replace")

    def _fork(self) -> None:
        self._reap(None)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        read_end, self._pipe = os.pipe()
        try:
            self._process = forker.fork(lambda: self._popen(read_end))
        finally:
            os.close(read_end)

    def _popen(self, pipe: int) -> subprocess.Popen[bytes]:
        guard = [sys.executable, "-I", "-S", str(_GUARD), self._tie, str(os.getpid()), str(pipe)]
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  our own command line, no shell  # nosec B603
                [*guard, *self.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                start_new_session=True,
                env=os.environ | self._environment,
                pass_fds=(pipe, *self._keep_open),
            )

    def _must_be_alive(self, deadline: float) -> None:
        assert self._process is not None
        code = self._process.poll()
        if code is not None:
            why = f"{self.name} ended with exit code {code} before it served"
        elif time.monotonic() > deadline:
            why = f"{self.name} does not serve after {self._ready_within:g} s"
        else:
            return
        raise StoreError(f"{why}. From {self.log}:\n{self._complaints()}")

    def _complaints(self) -> str:
        """The errors mongod marked as such, after which it logs a page of farewell; else the end."""
        lines = self.said().splitlines()
        marked = [line for line in lines if '"s":"E"' in line or '"s":"F"' in line]
        return "\n".join((marked or lines)[-_SHOWN_LINES:])

    def _signal(self, number: signal.Signals) -> None:
        """To the whole group: it is the store alone, or the store and its guard."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def _reap(self, timeout: float | None) -> None:
        if self._process is not None:
            self._process.wait(timeout)
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


def start_on_free_port(make: Callable[[int], Child]) -> tuple[Child, int]:
    """Start `make(port)` on a free port, and on another one when somebody was quicker to take it."""
    for tries_left in reversed(range(_PORT_TRIES)):
        port = free_port()
        child = make(port)
        try:
            child.start()
        except StoreError:
            if tries_left and "address already in use" in child.said().lower():
                continue
            raise
        return child, port
    raise AssertionError("the last try returns or raises")
