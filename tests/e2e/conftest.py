"""A demo as a newcomer starts it, shared by the tests of this folder (one xdist group: it is started once)."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e import client
from tests.waiting import eventually

START_WITHIN_SEC = 240.0
SAMPLE = Path(__file__).resolve().parents[2] / "datasets"


@dataclass(frozen=True)
class Demo:
    """A running `reels demo` and what it printed."""

    process: subprocess.Popen[str]
    log: Path
    data_dir: Path

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    @property
    def api_url(self) -> str:
        return self._found(r"(http://[\d.:]+)/docs")

    @property
    def app_url(self) -> str:
        return self._found(r"(http://[\d.:]+) +the app")

    @property
    def token(self) -> str:
        return self._found(r"export TOKEN=(\S+)")

    @property
    def admin(self) -> str:
        return self._found(r"export ADMIN=(\S+)")

    def _found(self, pattern: str) -> str:
        match = re.search(pattern, self.output)
        assert match, f"{pattern} is not in:\n{self.output}"
        return match[1]

    def processes(self) -> list[str]:
        """Command lines of all processes that work on this demo's data."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                    state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                except OSError:
                    continue
                if str(self.data_dir).encode() in told and state != "Z":
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


@contextmanager
def running_demo(data_dir: Path, *arguments: str, **environment: str) -> Iterator[Demo]:
    """Start `reels demo` and wait until it says ready; interrupted at the end."""
    values = {"REELS_DATA_DIR": str(data_dir), "REELS_PORT": str(free_port()), "REELS_UI_PORT": str(free_port())}
    log = data_dir / "demo.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "reels", "demo", *arguments],
            stdout=stream,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **values, **environment},
            start_new_session=True,
        )
    demo = Demo(process, log, data_dir)
    try:
        eventually(lambda: "Ctrl-C stops" in demo.output or process.poll() is not None, START_WITHIN_SEC)
        assert process.poll() is None, demo.output
        yield demo
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """`make demo`'s command on the committed sample."""
    with tempfile.TemporaryDirectory(prefix="demo-") as directory, running_demo(Path(directory)) as started:
        yield started


@pytest.fixture(autouse=True)
def _closed_connections() -> Iterator[None]:
    yield
    while client.OPEN:
        client.OPEN.pop().close()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
