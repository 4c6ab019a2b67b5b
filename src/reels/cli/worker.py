"""`reels worker`: the jobs on their schedule. One a system; it may be killed at any moment."""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import structlog
import typer
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import start_http_server
from threadpoolctl import threadpool_limits

import reels
from reels.cli import logs
from reels.cli.heartbeat import beating
from reels.core.errors import ReelsError
from reels.core.types import JobRun
from reels.jobs.embed_new import NewEmbeddings
from reels.learning.embedders import embedder_of
from reels.settings import Settings
from reels.telemetry.exposition import SAMPLE_EVERY_SEC, shared_directory
from reels.telemetry.job_metrics import JobMetrics
from reels.telemetry.tracing import open_spans
from reels.wiring.jobs import JOB_NAMES, Training, close_lost_runs, count_trending, training_of
from reels.wiring.stores import Stores, open_stores

if TYPE_CHECKING:
    from reels.telemetry.spans import Spans

SAYS = "worker: at work"
EMBED_EVERY_SEC = 0.5
REQUESTS_EVERY_SEC = 1.0
_RECORD_SEC = 2.0
_RUNS_REMEMBERED = 200
"""Runs that are looked through for when each job last ended well."""
NICE = 10
"""Threads of a training give way to everything that answers requests."""

_log = structlog.get_logger(__name__)


def worker() -> None:
    """Run the offline jobs on their schedule, in the foreground."""
    settings = Settings()
    logs.configure(settings.log_level)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> NoReturn:
    metrics = JobMetrics(shared_directory(os.environ), ("gather", *JOB_NAMES))
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, settings.worker_metrics_host, metrics.exposition.registry)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    threadpool_limits(settings.training_threads, "blas")  # processors are for the API: BLAS would take all of them
    loop.set_default_executor(ThreadPoolExecutor(max_workers=4, initializer=_give_way))
    with open_spans(settings.otlp_url, 1.0, "reels-worker", reels.__version__) as spans:
        async with open_stores(settings, watch=metrics.stores, spans=spans) as stores:
            await close_lost_runs(stores, time.time())
            metrics.remember(await stores.jobs.recent(_RUNS_REMEMBERED))
            metrics.stores.watch("redis", lambda: stores.redis.away)
            metrics.stores.watch("mongo", lambda: stores.mongo.away)
            async with beating(os.environ):
                await _until(stop, schedule_of(stores, time.time, metrics, spans))
    sys.stderr.flush()
    os._exit(0)  # a fit in a thread can't be stopped, and waiting for it may take minutes; nothing is lost with it


async def _until(stop: asyncio.Event, schedule: AsyncIOScheduler) -> None:
    """The schedule runs until `stop`."""
    schedule.start()
    typer.echo(SAYS, err=True)
    await stop.wait()
    schedule.shutdown(wait=False)
    if unfinished := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(unfinished, timeout=_RECORD_SEC)  # cancelled runs are recorded as such


def schedule_of(
    stores: Stores, clock: Callable[[], float], metrics: JobMetrics, spans: "Spans | None" = None
) -> AsyncIOScheduler:
    """Everything the worker does, each thing on its own interval and never twice at once; not started yet.

    A job that fails is logged (and recorded, where it is a run); it and the others go on at their next turn.
    """
    settings = stores.settings
    newcomers = NewEmbeddings(stores.reels, stores.embeddings, embedder_of(settings.embedder), _known_until(stores))
    training = asyncio.Lock()
    traced = nullcontext if spans is None else spans.job

    def fit() -> Training:
        return training_of(stores, clock, ended=metrics.ended, around=traced)

    async def embed() -> None:
        await newcomers.step(clock())

    async def trend() -> None:
        await count_trending(stores, clock())

    async def train() -> None:
        if not training.locked():
            async with training:
                with traced("training"):
                    await fit().run()

    async def answer_requests() -> None:
        if training.locked():
            return
        async with training:
            if (asked := await stores.jobs.take_request(clock())) is not None:
                await _answer(stores, clock, asked, fit())

    schedule = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a turn left out because the last one goes on is no news
    schedule.add_listener(_tell, EVENT_JOB_ERROR)
    for job, seconds in (
        (embed, EMBED_EVERY_SEC),
        (answer_requests, REQUESTS_EVERY_SEC),
        (trend, float(settings.trending_every_sec)),
        (train, float(settings.train_every_sec)),
    ):
        first = datetime.now(UTC) if job is trend or (job is train and stores.shelf.current() is None) else None
        options: dict[str, Any] = {} if first is None else {"next_run_time": first}
        turn = _quiet(job, metrics, clock)
        schedule.add_job(turn, "interval", seconds=seconds, name=job.__name__, **options)
    now = datetime.now(UTC)
    schedule.add_job(metrics.exposition.sample, "interval", seconds=SAMPLE_EVERY_SEC, name="metrics", next_run_time=now)
    return schedule


async def _answer(stores: Stores, clock: Callable[[], float], asked: JobRun, training: Training) -> None:
    """Runs what somebody asked for; what can't be run is recorded as failed, so that nobody waits for it."""
    try:
        await training.run([asked.job], asked.run_id)
    except Exception as error:  # also a full disk: a run that nobody ends would be waited for for ever
        details = asked.details | {"error": f"{type(error).__name__}: {error}"}
        await stores.jobs.save(replace(asked, finished_at=clock(), outcome="failed", details=details))
        raise


def _known_until(stores: Stores) -> float:
    """Changes since the input of the snapshot in use may lack an embedding; without one, everything may."""
    try:
        return stores.shelf.open_current().manifest.created_at
    except ReelsError:
        return 0.0


def _quiet(
    job: Callable[[], Awaitable[None]], metrics: JobMetrics, clock: Callable[[], float]
) -> Callable[[], Awaitable[None]]:
    """Counts its turns. Errors of ours are one line; anything else goes to the scheduler's listener."""

    async def run() -> None:
        try:
            with metrics.turn(job.__name__, clock):
                await job()
        except ReelsError as error:
            _log.warning("a job could not run", job=job.__name__, reason=str(error))

    return run


def _tell(event: JobExecutionEvent) -> None:
    _log.error("a job broke", job=event.job_id, exc_info=event.exception)


def _give_way() -> None:
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
