"""No room left: on MongoDB's disk, and on the one the models are written to."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.faults.conftest import LASTS_SEC, Suffer
from tests.faults.served import Served, system
from tests.faults.strictness import AGAIN_SEC, AT_ONCE
from tests.waiting import eventually

from reels.core.errors import StoreError
from reels.stores import local
from reels.wiring import open_stores

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of its own, in memory."""
    with tempfile.TemporaryDirectory(prefix="disk-") as made:
        mount = shutil.which("mount")
        if mount is None or os.geteuid() != 0:
            pytest.skip("a small disk takes root and mount: run as root")
        command = [mount, "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", made]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
        try:
            yield Path(made)
        finally:
            subprocess.run(["umount", "-l", made], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"\0" * 4096):
            pass
    try:
        yield
    finally:
        filler.unlink(missing_ok=True)


def test_mongodbs_disk_is_full(suffer: Suffer) -> None:
    """mongod gives up when it can't write its journal; started again and again, it comes up once there is room."""
    options = local.MongoOptions(kind="mongod", cache_gb=0.25, oplog_mb=16)
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as made,
        small_disk(700) as disk,
        system(Path(made), mongo=options, mongo_directory=disk / "mongo", worker=True) as served,
    ):

        @contextmanager
        def full() -> Iterator[None]:
            with filled(disk):
                eventually(lambda: not served.stores.mongod.running, 120)
                yield
            eventually(lambda: starts(served), 120)

        assert suffer("disk of MongoDB full", served, full()).whole_at_once >= AT_ONCE


def starts(served: Served) -> bool:
    """As a supervisor tries."""
    try:
        served.stores.mongod.start()
    except StoreError:
        return False
    return True


def test_the_disk_of_the_models_is_full(suffer: Suffer) -> None:
    """The training fails and says so; what was trained before goes on being served, and the next one works."""
    with tempfile.TemporaryDirectory(prefix="faults-") as made, small_disk(64) as disk:
        (Path(made) / "data").symlink_to(disk)
        with system(Path(made), worker=True) as served:
            before = served.shelf.current()

            @contextmanager
            def full() -> Iterator[None]:
                with filled(disk):
                    assert trained(served) == "failed"
                    yield

            outcome = suffer("disk of the models full", served, full(), lasts_sec=LASTS_SEC)
            assert outcome.whole_at_once >= AT_ONCE
            assert outcome.recovered_sec <= AGAIN_SEC
            assert served.shelf.current() == before
            assert [one.version for one in served.shelf.manifests()] == [before]
            assert trained(served) == "done"
            assert served.shelf.current() != before


def trained(served: Served) -> str:
    """Asks the job worker for a new snapshot; what became of it."""
    return asyncio.run(_trained(served))


async def _trained(served: Served) -> str:
    async with open_stores(served.settings) as stores:
        asked = await stores.jobs.request("snapshot", time.time(), "test")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            run = next((one for one in await stores.jobs.recent(50) if one.run_id == asked), None)
            if run is not None and run.outcome in ("done", "failed"):
                return run.outcome
            await asyncio.sleep(0.1)
    raise AssertionError("the job worker did not take the request")
