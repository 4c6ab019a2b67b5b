"""The system on private stores behind nginx, started once for the tests of this folder.

Two API workers, one job worker and one app process, as processes of their own.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from tests.deploy.behind_nginx import Site, free_port, nginx, running

from reels.api import key_files
from reels.cli import api as api_command
from reels.cli import ui as ui_command
from reels.cli import worker as worker_command
from reels.core.types import Reel
from reels.settings import Settings
from reels.wiring import open_stores

REELS = 12


@dataclass(frozen=True)
class Deployed:
    """The running system."""

    site: Site
    directory: Path
    settings: Settings

    @property
    def url(self) -> str:
        return self.site.url

    def api_log(self) -> str:
        """Of all API workers."""
        return "".join(log.read_text() for log in self.directory.glob("api-*.log"))


@pytest.fixture(scope="session")
def deployed(mongo_url: str, redis_url: str) -> Iterator[Deployed]:
    """nginx, one API worker, one app process."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not on PATH: apt install nginx-light")
    with tempfile.TemporaryDirectory(prefix="reels-") as made, ExitStack() as stack:
        directory = Path(made)
        directory.chmod(0o755)  # nginx' workers are not root
        ports, app_port = [free_port(), free_port()], free_port()
        signing, pseudonym = key_files.create(directory / "keys")
        site = stack.enter_context(nginx(_folder(directory), ports, app_port))
        values = {
            "REELS_DATA_DIR": str(directory / "data"),
            "REELS_MONGO_URL": mongo_url,
            "REELS_REDIS_URL": redis_url,
            "REELS_MONGO_DATABASE": f"deploy_{uuid4().hex}",
            "REELS_SIGNING_KEY_FILE": str(signing),
            "REELS_PSEUDONYM_KEY_FILE": str(pseudonym),
            "REELS_UI_PORT": str(app_port),
            "REELS_API_URL": f"http://127.0.0.1:{site.inside}",
            "REELS_PUBLIC_API_URL": site.url,
            "REELS_EMBEDDER": "hash",
        }
        settings = _settings(values)
        asyncio.run(_fill(settings))
        _start(stack, directory, values, ports)
        yield Deployed(site, directory, settings)


def _start(stack: ExitStack, directory: Path, values: dict[str, str], ports: list[int]) -> None:
    """All at once, for they take their time; returns when all of them serve."""
    started = [(stack.enter_context(running(["ui"], directory / "ui.log", values)), ui_command.SAYS)]
    for number, port in enumerate(ports):
        told = values | {"REELS_PORT": str(port)}
        api = stack.enter_context(running(["api"], directory / f"api-{number}.log", told))
        started.append((api, api_command.SAYS))
    started.append((stack.enter_context(running(["worker"], directory / "worker.log", values)), worker_command.SAYS))
    for program, says in started:
        program.serves(says)


@pytest.fixture
def browser(deployed: Deployed) -> Iterator[httpx.Client]:
    """A client of this machine, a stranger to the operators' list."""
    with deployed.site.client() as client:
        yield client


def _folder(directory: Path) -> Path:
    folder = directory / "nginx"
    folder.mkdir()
    return folder


def _settings(values: dict[str, str]) -> Settings:
    return Settings.model_validate({name.removeprefix("REELS_").lower(): value for name, value in values.items()})


async def _fill(settings: Settings) -> None:
    async with open_stores(settings) as stores:
        now = time.time()
        reels = [
            Reel(f"r{n}", f"Reel number {n}", ("cooking",), 12.0, f"c{n % 4}", now - n * 3600, "en")
            for n in range(REELS)
        ]
        await stores.reels.upsert(reels, now)
