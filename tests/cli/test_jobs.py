"""`reels jobs` and `reels worker`, as processes on real stores."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from tests.waiting import eventually, eventually_async

from reels.core.types import Event, EventKind, Reel, User
from reels.learning.embedders import HashEmbedder
from reels.learning.shelf import Shelf
from reels.settings import Settings
from reels.wiring.stores import Stores, open_stores

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def system(anyio_backend: str, mongo_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stores]:
    settings = Settings(
        data_dir=tmp_path,
        mongo_url=mongo_url,
        redis_url=redis_url,
        mongo_database=f"test_{uuid4().hex}",
        embedder="hash",
    )
    async with open_stores(settings) as opened:
        reels = [Reel(f"r{i}", title=f"reel about things number {i}", creator_id=f"c{i % 7}") for i in range(60)]
        await opened.reels.upsert(reels, 1_000.0)
        likes = [
            Event(f"e{u}-{i}", f"u{u}", f"r{(u + i) % 60}", EventKind.LIKE, 2e3 + i)
            for u in range(30)
            for i in range(6)
        ]
        await opened.interactions.insert(likes, 3_000.0)
        yield opened
        await opened.mongo.database.client.drop_database(settings.mongo_database)


def environment(settings: Settings, **more: str) -> dict[str, str]:
    return os.environ | {
        "REELS_DATA_DIR": str(settings.data_dir),
        "REELS_MONGO_URL": settings.mongo_url,
        "REELS_REDIS_URL": settings.redis_url,
        "REELS_MONGO_DATABASE": settings.mongo_database,
        "REELS_EMBEDDER": "hash",
        "COLUMNS": "200",
        **more,
    }


async def reels(system: Stores, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reels", *arguments]
    return await asyncio.to_thread(
        subprocess.run, command, env=environment(system.settings), capture_output=True, text=True, check=False
    )


@contextmanager
def worker(settings: Settings, log: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "reels", "worker"], env=environment(settings, **more), stderr=file, stdout=file
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


async def test_run_list_and_roll_back(system: Stores) -> None:
    first = await reels(system, "jobs", "run")
    assert first.returncode == 0, first.stderr
    assert "snapshot" in first.stdout
    assert "training" not in first.stderr  # no bar where nobody looks
    second = await reels(system, "jobs", "run", "popularity", "snapshot")
    assert second.returncode == 0, second.stderr
    assert "embeddings" not in second.stdout
    shelf = Shelf(system.settings.data_dir / "snapshots")
    old, new = shelf.versions()
    back = await reels(system, "jobs", "rollback")
    assert (back.returncode, shelf.current()) == (0, old)
    listed = (await reels(system, "jobs", "list")).stdout
    assert re.search(rf"withdrawn\s+{new}", listed)
    assert re.search(rf"in use\s+{old}", listed)
    again = await reels(system, "jobs", "rollback")
    assert again.returncode == 1
    assert "no snapshot older than" in again.stderr


async def test_batch_says_how_many_viewers_it_does_not_know(system: Stores) -> None:
    trained = await reels(system, "jobs", "run")
    assert trained.returncode == 0, trained.stderr
    await system.users.create(User("u1", 1_000.0))
    (system.settings.data_dir / "users.txt").write_text("u1\nnobody\nnor me\n")
    paths = (str(system.settings.data_dir / name) for name in ("out.csv", "users.txt"))
    command = ["batch", "--out", next(paths), "--users", next(paths), "--processes", "1", "--k", "2"]
    done = await reels(system, *command)
    assert done.returncode == 0, done.stderr
    assert re.search(r"viewers +3 *\n", done.stdout)
    assert re.search(r"unknown viewers +2 *\n", done.stdout)
    assert "nobody,1,r" in (system.settings.data_dir / "out.csv").read_text()


async def test_an_unknown_job_is_a_wrong_set_up(system: Stores) -> None:
    failed = await reels(system, "jobs", "run", "dance")
    assert failed.returncode == 2
    assert "no job 'dance'; there are embeddings" in failed.stderr


async def embedded(system: Stores, reel_id: str) -> bool:
    return reel_id in await system.embeddings.get(HashEmbedder().space, [reel_id])


async def outcomes(system: Stores) -> dict[str, str]:
    return {one.run_id: one.outcome for one in await system.jobs.recent(50)}


async def test_the_worker_trains_embeds_answers_requests_and_stops_at_once(system: Stores, tmp_path: Path) -> None:
    with worker(system.settings, tmp_path / "worker.log") as process:
        await asyncio.to_thread(eventually, system.shelf.current, 240)
        await system.reels.upsert([Reel("late", title="a late arrival")], 4_000.0)
        await eventually_async(lambda: embedded(system, "late"), 30)
        asked = await system.jobs.request("popularity", 5_000.0, "admin")
        wrong = await system.jobs.request("dance", 5_001.0, "admin")

        async def answered() -> bool:
            told = await outcomes(system)
            return (told[asked], told[wrong]) == ("done", "failed")

        await eventually_async(answered, 60)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 15) == 0
    assert "worker: at work" in (tmp_path / "worker.log").read_text()


async def test_a_failing_training_stops_nothing_else(system: Stores, tmp_path: Path) -> None:
    (system.settings.data_dir / "work" / "catalogue.npz").mkdir(parents=True)  # in the way of the first job

    async def failed() -> bool:
        return "failed" in (await outcomes(system)).values()

    with worker(system.settings, tmp_path / "worker.log"):
        await eventually_async(failed, 90)
        await system.reels.upsert([Reel("late", title="a late arrival")], 4_000.0)
        await eventually_async(lambda: embedded(system, "late"), 30)
    assert system.shelf.current() is None
