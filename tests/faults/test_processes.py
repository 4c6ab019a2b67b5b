"""kill -9 and SIGSTOP of each process, and a reload of nginx, under viewers."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.faults.conftest import Suffer
from tests.faults.served import Served
from tests.faults.strictness import AGAIN_SEC, AT_ONCE
from tests.waiting import eventually

from reels.stores.local import Child
from reels.wiring import open_stores

RESTART_SEC = 1.0
"""systemd's RestartSec."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@contextmanager
def killed(child: Child) -> Iterator[None]:
    """Gone without a word, and started again at the end."""
    child.kill()
    yield
    child.start()


@contextmanager
def stopped(child: Child) -> Iterator[None]:
    """There, but saying nothing."""
    child.pause()
    try:
        yield
    finally:
        child.resume()


def test_mongod_killed(served: Served, suffer: Suffer) -> None:
    assert suffer("mongod, kill -9", served, killed(served.stores.mongod)).whole_at_once >= AT_ONCE


def test_mongod_stopped(served: Served, suffer: Suffer) -> None:
    assert suffer("mongod, SIGSTOP", served, stopped(served.stores.mongod)).whole_at_once >= AT_ONCE


def test_valkey_killed(served: Served, suffer: Suffer) -> None:
    assert suffer("Valkey, kill -9", served, killed(served.stores.valkey)).whole_at_once >= AT_ONCE


def test_valkey_stopped(served: Served, suffer: Suffer) -> None:
    assert suffer("Valkey, SIGSTOP", served, stopped(served.stores.valkey)).whole_at_once >= AT_ONCE


def test_an_api_worker_killed(served: Served, suffer: Suffer) -> None:
    outcome = suffer("one of two API workers, kill -9", served, killed(served.apis[0]), lasts_sec=RESTART_SEC)
    assert outcome.whole_at_once >= AT_ONCE


def test_an_api_worker_stopped(served: Served, suffer: Suffer) -> None:
    outcome = suffer("one of two API workers, SIGSTOP", served, stopped(served.apis[1]), lasts_sec=8.0)
    assert outcome.whole_at_once >= AT_ONCE


def test_nginx_reloaded(served: Served, suffer: Suffer) -> None:
    @contextmanager
    def reloaded() -> Iterator[None]:
        for _ in range(3):
            served.reload_nginx()
            time.sleep(0.5)
        yield

    assert suffer("nginx reloaded three times", served, reloaded()).whole_in_the_end == 1.0


def test_the_job_worker_killed_while_it_trains(served: Served, suffer: Suffer) -> None:
    assert served.worker is not None
    worker: Child = served.worker

    @contextmanager
    def killed_in_training() -> Iterator[None]:
        asyncio.run(request(served, "factorization"))
        eventually(lambda: "running" in asyncio.run(outcomes(served)), 60)
        with killed(worker):
            yield

    before = served.shelf.current()
    outcome = suffer("job worker, kill -9 in a training", served, killed_in_training())
    assert outcome.whole_at_once >= AT_ONCE
    assert outcome.recovered_sec <= AGAIN_SEC
    assert not {"running", "requested"} & set(asyncio.run(outcomes(served)))
    assert served.shelf.current() == before


def test_the_job_worker_stopped(served: Served, suffer: Suffer) -> None:
    assert served.worker is not None
    outcome = suffer("job worker, SIGSTOP", served, stopped(served.worker))
    assert outcome.whole_at_once >= AT_ONCE
    assert outcome.recovered_sec <= AGAIN_SEC


async def request(served: Served, job: str) -> None:
    """As an administrator's `POST /admin/jobs`."""
    async with open_stores(served.settings) as stores:
        await stores.jobs.request(job, time.time(), "test")


async def outcomes(served: Served) -> list[str]:
    """Of all runs of jobs."""
    async with open_stores(served.settings) as stores:
        return [run.outcome for run in await stores.jobs.recent(100)]
