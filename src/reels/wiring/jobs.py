"""The offline jobs, put together: their order, their settings, and a record of each run."""

import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog

from reels.core.errors import ConfigError, ModelError
from reels.core.progress import Progress, Silent
from reels.core.types import JobRun
from reels.jobs import (
    cf_matrix,
    ease,
    embeddings,
    factorization,
    gather,
    newcomers,
    popularity,
    ranker,
    recent,
    sequence,
    shallow,
    snapshot,
    trending,
    words,
)
from reels.learning.embedders import Embedder, embedder_of
from reels.learning.factorization import FactorizationConfig
from reels.learning.fits import FitConfig
from reels.learning.ranker import RankerConfig
from reels.learning.sequence import SequenceConfig
from reels.learning.shallow import ShallowConfig
from reels.learning.workbench import Workbench
from reels.settings import Settings
from reels.wiring.policies import put_in_force
from reels.wiring.stores import Stores

JOB_NAMES = (
    "embeddings",
    "cf_matrix",
    "factorization",
    "popularity",
    "sequence",
    "shallow",
    "words",
    "ease",
    "newcomers",
    "recent",
    "ranker",
    "snapshot",
)
"""In the order they run."""

_DAY = 86_400.0
_RECENT = 100
_log = structlog.get_logger(__name__)


def _nobody(_run: JobRun) -> None:
    """Wants to know."""


@dataclass(frozen=True, slots=True)
class Training:
    """Runs the jobs one after another on one workbench; each run is recorded with its timings and sizes."""

    stores: Stores
    clock: Callable[[], float]
    threads: int
    progress: Progress
    embedder: Embedder
    compare: bool = True
    """Whether a new snapshot is held against the one before."""
    ended: Callable[[JobRun], None] = _nobody
    """Told of each run that ended."""
    around: Callable[[str], AbstractContextManager[object]] = nullcontext
    """Entered for each run, with the job's name."""

    @property
    def bench(self) -> Workbench:
        """Where intermediate results lie."""
        return Workbench(self.stores.settings.data_dir / "work")

    async def run(self, names: Sequence[str] = JOB_NAMES, run_id: str = "") -> list[JobRun]:
        """Gathers the input and runs the named jobs in their order; stops at the first that fails, and raises.

        `run_id` names the run of a single asked-for job. ConfigError for an unknown name, ModelError when another
        training is at work.
        """
        if unknown := [name for name in names if name not in JOB_NAMES]:
            raise ConfigError(f"no job {unknown[0]!r}; there are {', '.join(JOB_NAMES)}")
        wanted = [name for name in JOB_NAMES if name in names]
        with alone(self.bench.path("LOCK")):
            began = self.clock()
            runs = [await self._recorded("gather", lambda: self._gather(began))]
            for name in wanted:
                named = run_id if len(wanted) == 1 else ""
                runs.append(await self._recorded(name, self._job(name, began), named))
            if "snapshot" in wanted:
                await put_in_force(
                    self.stores, self.stores.settings.policy, self.stores.shelf.open_current(), self.clock()
                )
        return runs

    def _job(self, name: str, began: float) -> Callable[[], Awaitable[dict[str, Any]]]:
        stores, settings, bench, progress = self.stores, self.stores.settings, self.bench, self.progress
        liked_half_life = settings.cf_half_life_days * _DAY
        jobs: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
            "embeddings": lambda: embeddings.run(
                bench, stores.embeddings, self.embedder, dim=settings.content_dim, progress=progress
            ),
            "cf_matrix": lambda: cf_matrix.run(
                bench,
                neighbours=settings.neighbours,
                half_life_sec=liked_half_life,
                threads=self.threads,
                progress=progress,
            ),
            "factorization": lambda: factorization.run(
                bench,
                FactorizationConfig(factors=settings.factors),
                half_life_sec=liked_half_life,
                threads=self.threads,
                progress=progress,
            ),
            "popularity": lambda: popularity.run(
                bench, half_life_sec=settings.popularity_half_life_days * _DAY, progress=progress
            ),
            "sequence": lambda: sequence.run(
                bench,
                SequenceConfig(epochs=settings.sequence_epochs),
                half_life_sec=liked_half_life,
                threads=self.threads,
                progress=progress,
            ),
            "shallow": lambda: shallow.run(
                bench,
                ShallowConfig(epochs=settings.shallow_epochs),
                half_life_sec=liked_half_life,
                threads=self.threads,
                progress=progress,
            ),
            "words": lambda: words.run(bench, neighbours=settings.neighbours, threads=self.threads, progress=progress),
            "ease": lambda: ease.run(
                bench, neighbours=settings.ease_neighbours, half_life_sec=liked_half_life, progress=progress
            ),
            "newcomers": lambda: newcomers.run(
                bench, neighbours=settings.neighbours, half_life_sec=liked_half_life, progress=progress
            ),
            "recent": lambda: recent.run(bench, half_life_sec=liked_half_life, progress=progress),
            "ranker": lambda: ranker.run(
                bench,
                RankerConfig(viewers=settings.ranker_viewers),
                fits_of(settings),
                threads=self.threads,
                progress=progress,
            ),
            "snapshot": lambda: snapshot.run(
                bench,
                stores.shelf,
                now=began,
                keep=settings.snapshots_kept,
                progress=progress,
                compare=self.compare,
            ),
        }
        return jobs[name]

    async def _gather(self, began: float) -> dict[str, Any]:
        stores = self.stores
        return await gather.run(
            stores.reels, stores.users, stores.interactions, self.bench, now=began, progress=self.progress
        )

    async def _recorded(self, name: str, job: Callable[[], Awaitable[dict[str, Any]]], run_id: str = "") -> JobRun:
        run = JobRun(run_id or f"{name}-{uuid4().hex}", name, self.clock())
        with self.around(name):
            async with recorded(self.stores, run, self.clock, self.ended) as details:
                details.update(await job())
        return replace(run, finished_at=self.clock(), outcome="done", details=details)


def fits_of(settings: Settings) -> FitConfig:
    """What the jobs fit with, as one."""
    return FitConfig(
        embedder=settings.embedder,
        content_dim=settings.content_dim,
        factors=settings.factors,
        neighbours=settings.neighbours,
        half_life_sec=settings.cf_half_life_days * _DAY,
        popularity_half_life_sec=settings.popularity_half_life_days * _DAY,
        sequence_epochs=settings.sequence_epochs,
        shallow_epochs=settings.shallow_epochs,
        ease_neighbours=settings.ease_neighbours,
    )


def training_of(
    stores: Stores,
    clock: Callable[[], float],
    *,
    threads: int = 0,
    progress: Progress | None = None,
    compare: bool = True,
    ended: Callable[[JobRun], None] = _nobody,
    around: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> Training:
    """The training of these settings; `threads` = 0 takes the settings' number."""
    settings: Settings = stores.settings
    embedder = embedder_of(settings.embedder)  # one thread: two made it slower (889 and 411 texts a second)
    told = progress or Silent()
    return Training(
        stores, clock, threads or settings.training_threads, told, embedder, compare, ended=ended, around=around
    )


async def close_lost_runs(stores: Stores, now: float) -> int:
    """Marks runs as failed whose process was killed: recorded as running while nobody trains. How many."""
    bench = Workbench(stores.settings.data_dir / "work")
    lost = 0
    try:
        with alone(bench.path("LOCK")):
            for run in await stores.jobs.recent(_RECENT):
                if run.outcome == "running":
                    details = run.details | {"error": "its process ended before the run did"}
                    await stores.jobs.save(replace(run, finished_at=now, outcome="failed", details=details))
                    lost += 1
    except ModelError:  # somebody trains: those runs may well be theirs
        return 0
    return lost


async def count_trending(stores: Stores, now: float) -> dict[str, Any]:
    """One count of what is trending, against what the snapshot in use says is usual."""
    usual = stores.shelf.open_current() if stores.shelf.current() is not None else None
    return await trending.run(stores.interactions, stores.signals, usual, now=now)


@asynccontextmanager
async def recorded(
    stores: Stores, run: JobRun, clock: Callable[[], float], ended: Callable[[JobRun], None] = _nobody
) -> AsyncIterator[dict[str, Any]]:
    """Saves the run as running, then as done with what is put into the yielded details, or as failed and why."""
    details: dict[str, Any] = dict(run.details)
    await stores.jobs.save(run)
    try:
        yield details
    except BaseException as error:
        kind = type(error).__name__
        failed = replace(run, finished_at=clock(), outcome="failed", details=details | {"error": f"{kind}: {error}"})
        ended(failed)
        await stores.jobs.save(failed)
        _log.error("job failed", job=run.job, run=run.run_id, error=kind)  # what it says is in its record
        raise
    done = replace(run, finished_at=clock(), outcome="done", details=details)
    await stores.jobs.save(done)
    ended(done)
    _log.info("job done", job=run.job, seconds=round((done.finished_at or 0.0) - run.started_at, 3), **details)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """One training at a time on one workbench, in whatever process; ModelError when there is one."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ModelError(f"another training is at work ({lock} is locked): wait for it to end") from error
        yield
    finally:
        os.close(handle)
