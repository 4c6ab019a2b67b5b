"""The system as it is deployed, each process with its own kill switch: nginx, two API workers, a job worker, stores."""

import asyncio
import os
import shutil
import signal
import ssl
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from tests.deploy.behind_nginx import BALANCER, Site, free_port, nginx

from reels.api import key_files
from reels.cli import api as api_command
from reels.cli import worker as worker_command
from reels.cli.importing import bring_in
from reels.cli.jobs import run_jobs
from reels.cli.processes import answers
from reels.ingest.files.events import read_events
from reels.ingest.files.reels import read_reels
from reels.learning.shelf import Shelf
from reels.settings import Settings
from reels.simulation.config import SampleConfig
from reels.simulation.sample import generate, write
from reels.stores import local
from reels.stores.local import Child, LocalStores
from reels.wiring import open_stores

START_WITHIN_SEC = 240.0
CATALOGUE = SampleConfig(reels=1200, creators=150, viewers=60)


@dataclass(frozen=True)
class Door:
    """Where viewers knock. `source`: the address they come from, believed about whom they speak for."""

    url: str
    trust: ssl.SSLContext | None = None
    source: str | None = None


@dataclass
class Served:
    """A running system."""

    directory: Path
    settings: Settings
    stores: LocalStores
    values: dict[str, str]
    apis: list[Child] = field(default_factory=list)
    worker: Child | None = None
    site: Site | None = None
    _ports: list[int] = field(default_factory=list)

    @property
    def door(self) -> Door:
        """nginx' where there is one, else the first API worker's."""
        if self.site is not None:
            return Door(self.site.url, self.site.trust(), BALANCER)
        return Door(f"http://127.0.0.1:{self._ports[0]}")

    @property
    def shelf(self) -> Shelf:
        """Its snapshots."""
        return Shelf(self.settings.data_dir / "snapshots")

    def add_api(self, **values: str) -> Door:
        """One more API worker on a port of its own."""
        port = free_port()
        told = {**self.values, **values, "REELS_PORT": str(port)}
        url = f"http://127.0.0.1:{port}"
        name = f"api-{len(self.apis)}"
        child = self._program(name, "api", told, api_command.SAYS, url)
        self.apis.append(child)
        self._ports.append(port)
        child.start()
        return Door(url)

    def add_worker(self, **values: str) -> Child:
        """The job worker."""
        self.worker = self._program("worker", "worker", {**self.values, **values}, worker_command.SAYS, None)
        self.worker.start()
        return self.worker

    def reload_nginx(self) -> None:
        """As `systemctl reload nginx`."""
        assert self.site is not None
        os.kill(int((self.site.directory / "nginx.pid").read_text()), signal.SIGHUP)

    def stop(self) -> None:
        """All programs of ours; the stores are the caller's."""
        for child in (*self.apis, *([self.worker] if self.worker else [])):
            child.stop()

    def _program(self, name: str, command: str, values: Mapping[str, str], says: str, url: str | None) -> Child:
        serves = answers(f"{url}/readyz") if url else lambda: True
        assigned = [f"{name}={value}" for name, value in values.items()]
        return Child(
            name,
            [shutil.which("env") or "env", *assigned, sys.executable, "-m", "reels", command],
            log=self.directory / f"{name}.log",
            ready=lambda child: says in child.said() and serves(),
            ready_within=START_WITHIN_SEC,
        )


@contextmanager
def system(
    directory: Path,
    *,
    mongo: local.MongoOptions | None = None,
    mongo_url: str = "",
    mongo_directory: Path | None = None,
    apis: int = 1,
    proxied: bool = False,
    worker: bool = False,
    **values: str,
) -> Iterator[Served]:
    """A system of these parts with a trained catalogue; `mongo_url` is used where given, else one is started."""
    directory.chmod(0o755)  # nginx' workers are not root
    if proxied and shutil.which("nginx") is None:
        pytest.skip("nginx is not on PATH: apt install nginx-light")
    with ExitStack() as stack:
        options = mongo or local.MongoOptions(kind="mongod", cache_gb=0.25)
        stores = stack.enter_context(local.start(directory / "redis", mongo=None, valkey=local.ValkeyOptions(tcp=True)))
        if not mongo_url:
            kept = local.start(mongo_directory or directory / "mongo", mongo=options, valkey=None)
            stack.enter_context(kept)
            stores._mongod = (kept.mongod, kept.mongo_url)
        signing, pseudonym = key_files.create(directory / "keys")
        told = {
            "REELS_DATA_DIR": str(directory / "data"),
            "REELS_MONGO_URL": mongo_url or stores.mongo_url,
            "REELS_REDIS_URL": stores.redis_url,
            "REELS_SIGNING_KEY_FILE": str(signing),
            "REELS_PSEUDONYM_KEY_FILE": str(pseudonym),
            "REELS_EMBEDDER": "hash",
            "REELS_TRENDING_EVERY_SEC": "1",
            "REELS_TRAIN_EVERY_SEC": "3600",
            **values,
        }
        settings = Settings.model_validate({name.removeprefix("REELS_").lower(): one for name, one in told.items()})
        served = Served(directory, settings, stores, told)
        asyncio.run(fill(settings, directory))
        stack.callback(served.stop)
        for _ in range(apis):
            served.add_api()
        if worker:
            served.add_worker()
        if proxied:
            (directory / "nginx").mkdir()
            served.site = stack.enter_context(nginx(directory / "nginx", served._ports, free_port()))
        yield served


async def fill(settings: Settings, directory: Path) -> None:
    """A catalogue, the events of some viewers, and a snapshot."""
    sample = directory / "sample"
    sample.mkdir()
    write(generate(CATALOGUE, np.random.default_rng(11)), sample)
    reels, events = sample / "reels_dataset.csv", sample / "sample_events.csv.gz"
    async with open_stores(settings) as stores:
        await bring_in(stores, "reels", reels, read_reels(reels), sample / "reels.rejects.csv")
        await bring_in(stores, "events", events, read_events(events), sample / "events.rejects.csv")
        await run_jobs(stores)
