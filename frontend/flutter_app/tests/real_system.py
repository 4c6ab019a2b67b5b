"""The real system for the browser tests: `reels demo` on the committed sample, and its MongoDB to look into.

`REELS_E2E_DEMO` may name the data directory of a demo that runs already (its output in `demo.log` there).
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pymongo

T = TypeVar("T")
START_WITHIN = 300.0


def insist(act: Callable[[], object], done: Callable[[], object], what: str, tries: int = 4) -> None:
    """Act until it is done, as a person would: on a busy machine a browser's two taps come too far apart, say."""
    for number in range(tries):
        act()
        try:
            eventually(done, 10.0, what)
            return
        except AssertionError:
            if number == tries - 1:
                raise


def eventually(condition: Callable[[], T], within: float = 40.0, what: str = "") -> T:
    """The first true value of `condition`; AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {within:g} s: {what or condition} (last: {value!r})"
        time.sleep(0.05)
    return value


@dataclass(frozen=True)
class RealSystem:
    """A running demo."""

    data_dir: Path

    @property
    def app_url(self) -> str:
        return self._printed(r"(http://[\d.:]+) +the app")

    @property
    def api_url(self) -> str:
        return self._printed(r"(http://[\d.:]+)/docs")

    def _printed(self, pattern: str) -> str:
        output = (self.data_dir / "demo.log").read_text(encoding="utf-8")
        match = re.search(pattern, output)
        assert match, f"{pattern} is not in:\n{output}"
        return match[1]

    def events(self, user_id: str, *kinds: str) -> list[dict[str, Any]]:
        """What MongoDB holds of a viewer, oldest first; of `kinds` only, when given."""
        address = json.loads((self.data_dir / "stores" / "addresses.json").read_text())["mongo_url"]
        wanted: dict[str, Any] = {"user_id": user_id}
        if kinds:
            wanted["kind"] = {"$in": list(kinds)}
        with pymongo.MongoClient[dict[str, Any]](address) as mongo:
            return list(mongo["reels"]["interactions"].find(wanted).sort("occurred_at"))

    def counts(self, user_id: str, kind: str) -> Counter[str]:
        """How often `kind` was stored of each reel."""
        return Counter(event["reel_id"] for event in self.events(user_id, kind))

    def kill_api(self) -> None:
        """kill -9 of every API worker; the demo starts them again."""
        self._kill(b"api")

    def kill_app(self) -> None:
        """kill -9 of the app's server; the demo starts it again."""
        self._kill(b"ui")

    def _kill(self, name: bytes) -> None:
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                ours = str(self.data_dir).encode() in (entry / "environ").read_bytes()
            except OSError:
                continue
            if ours and b"reels" in command and name in command:
                os.kill(int(entry.name), signal.SIGKILL)


@contextmanager
def running_system(data_dir: Path, *options: str) -> Iterator[RealSystem]:
    """Start `reels demo OPTIONS` in `data_dir` and wait until it is ready; stopped with the block."""
    ports = {"REELS_PORT": str(free_port()), "REELS_UI_PORT": str(free_port())}
    environment = {**os.environ, "REELS_DATA_DIR": str(data_dir), **ports}
    log = data_dir / "demo.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "reels", "demo", *options],
            stdout=stream, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
        )  # fmt: skip
    try:
        eventually(lambda: "Ctrl-C stops" in log.read_text() or process.poll() is not None, START_WITHIN, "demo")
        assert process.poll() is None, log.read_text()
        yield RealSystem(data_dir)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
