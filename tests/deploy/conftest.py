"""One API worker and one app process on private stores, behind nginx: started once for the tests of this folder."""

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
from reels.core.types import Reel
from reels.settings import Settings
from reels.wiring import open_stores

REELS = 12


@dataclass(frozen=True)
class Deployed:
    """The running system."""

    site: Site
    directory: Path

    @property
    def url(self) -> str:
        return self.site.url

    def api_log(self) -> str:
        return (self.directory / "api.log").read_text()


@pytest.fixture(scope="session")
def deployed(mongo_url: str, redis_url: str) -> Iterator[Deployed]:
    """nginx, one API worker, one app process."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not on PATH: apt install nginx-light")
    with tempfile.TemporaryDirectory(prefix="reels-") as made, ExitStack() as stack:
        directory = Path(made)
        directory.chmod(0o755)  # nginx' workers are not root
        api_port, app_port = free_port(), free_port()
        signing, pseudonym = key_files.create(directory / "keys")
        site = stack.enter_context(nginx(_folder(directory), [api_port], app_port))
        values = {
            "REELS_DATA_DIR": str(directory / "data"),
            "REELS_MONGO_URL": mongo_url,
            "REELS_REDIS_URL": redis_url,
            "REELS_MONGO_DATABASE": f"deploy_{uuid4().hex}",
            "REELS_SIGNING_KEY_FILE": str(signing),
            "REELS_PSEUDONYM_KEY_FILE": str(pseudonym),
            "REELS_PORT": str(api_port),
            "REELS_UI_PORT": str(app_port),
            "REELS_API_URL": f"http://127.0.0.1:{site.inside}",
            "REELS_PUBLIC_API_URL": site.url,
            "REELS_EMBEDDER": "hash",
        }
        asyncio.run(_fill(values))
        app = stack.enter_context(running(["ui"], directory / "ui.log", values))
        api = stack.enter_context(running(["api"], directory / "api.log", values))
        app.serves(ui_command.SAYS)
        api.serves(api_command.SAYS)
        yield Deployed(site, directory)


@pytest.fixture
def browser(deployed: Deployed) -> Iterator[httpx.Client]:
    """A client of this machine, a stranger to the operators' list."""
    with deployed.site.client() as client:
        yield client


def _folder(directory: Path) -> Path:
    folder = directory / "nginx"
    folder.mkdir()
    return folder


async def _fill(values: dict[str, str]) -> None:
    given = {name.removeprefix("REELS_").lower(): value for name, value in values.items()}
    async with open_stores(Settings.model_validate(given)) as stores:
        now = time.time()
        reels = [
            Reel(f"r{n}", f"Reel number {n}", ("cooking",), 12.0, f"c{n % 4}", now - n * 3600, "en")
            for n in range(REELS)
        ]
        await stores.reels.upsert(reels, now)
