"""`reels serve` looks after its processes, its private stores among them."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.deploy.behind_nginx import free_port
from tests.faults.conftest import Suffer
from tests.faults.served import START_WITHIN_SEC, Door, fill
from tests.waiting import eventually

from reels.cli.processes import answers
from reels.settings import Settings
from reels.stores.private import running_on

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass
class Serving:
    """A running `reels serve`."""

    process: subprocess.Popen[bytes]
    settings: Settings
    door: Door
    worker: bool = True

    def pid_of(self, *what: str) -> int | None:
        """Of the first of its processes with any of these in the command line."""
        for children in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for pid in children.read_text().split():
                said = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if any(one in said for one in what):
                    return int(pid)
        return None


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with tempfile.TemporaryDirectory(prefix="serve-") as made:
        directory, port = Path(made), free_port()
        values = {"DATA_DIR": made, "PORT": str(port), "WORKERS": "2", "DEMO": "true", "EMBEDDER": "hash"}
        values |= {"TRENDING_EVERY_SEC": "1", "HANGS_AFTER_SEC": "6"}
        environment = {**os.environ, **{f"REELS_{name}": value for name, value in values.items()}}
        url = f"http://127.0.0.1:{port}"
        with (directory / "serve.log").open("wb") as log:
            command = [sys.executable, "-m", "reels", "serve", "--no-app"]
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        try:
            eventually(answers(f"{url}/readyz"), START_WITHIN_SEC)
            found = running_on(directory / "stores")
            assert found is not None
            told = values | {"MONGO_URL": found.mongo_url, "REDIS_URL": found.redis_url}
            settings = Settings.model_validate({name.lower(): value for name, value in told.items()})
            asyncio.run(fill(settings, directory))
            yield Serving(process, settings, Door(url))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("mongod", ("mongod",)),
        ("Valkey", ("valkey-server", "redis-server")),
        ("API worker", ("reels api",)),
        ("job worker", ("reels worker",)),
    ],
)
def test_what_is_killed_is_started_again(serving: Serving, suffer: Suffer, name: str, what: tuple[str, ...]) -> None:
    @contextmanager
    def killed() -> Iterator[None]:
        before = eventually(lambda: serving.pid_of(*what)) or 0
        os.kill(before, signal.SIGKILL)
        yield
        eventually(lambda: serving.pid_of(*what) not in (None, before), 120)

    suffer(f"`reels serve`: {name}, kill -9", serving, killed(), lasts_sec=0.0)


def test_an_api_worker_that_hangs_is_killed_and_started_again(serving: Serving, suffer: Suffer) -> None:
    @contextmanager
    def stopped() -> Iterator[None]:
        before = eventually(lambda: serving.pid_of("reels api")) or 0
        os.kill(before, signal.SIGSTOP)
        yield
        eventually(lambda: serving.pid_of("reels api") not in (None, before) and not _exists(before), 120)

    suffer("`reels serve`: API worker, SIGSTOP", serving, stopped(), lasts_sec=0.0)


def _exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
