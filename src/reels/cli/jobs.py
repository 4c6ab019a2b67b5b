"""`reels jobs`: train now, see the snapshots, go back to the one before."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import Progress as Bars
from rich.progress import TaskID
from rich.table import Table

from reels.cli.console import bar, out
from reels.core.types import JobRun
from reels.learning.shelf import Shelf
from reels.settings import Settings
from reels.wiring.jobs import JOB_NAMES, training_of
from reels.wiring.stores import Stores, open_stores

app = typer.Typer(no_args_is_help=True, help="Train the models, see the snapshots, roll back.")


@app.command("run")
def run(
    names: Annotated[list[str] | None, typer.Argument(help=f"Any of {', '.join(JOB_NAMES)}; none = all.")] = None,
    threads: Annotated[int, typer.Option(help="Threads to use; 0 = one a processor.")] = 0,
    compare: Annotated[bool, typer.Option(help="Refuse a snapshot that is much worse than the one before.")] = True,
) -> None:
    """Run the offline jobs now. What has not changed since the last run is not computed again."""

    async def train() -> list[JobRun]:
        async with open_stores(Settings()) as stores:
            return await run_jobs(stores, names or JOB_NAMES, threads=threads, compare=compare)

    runs = asyncio.run(train())
    table = Table(box=None, padding=(0, 2))
    for column in ("job", "seconds", "what"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for one in runs:
        seconds = (one.finished_at or one.started_at) - one.started_at
        table.add_row(
            one.job, f"{seconds:.1f}", ", ".join(f"{name} {_told(value)}" for name, value in one.details.items())
        )
    out.print(table)


async def run_jobs(
    stores: Stores, names: Sequence[str] = JOB_NAMES, *, threads: int = 0, compare: bool = True
) -> list[JobRun]:
    """The named jobs in their order, with a progress bar; raises what a job raised."""
    with _shown() as progress:
        training = training_of(
            stores, time.time, threads=threads or os.cpu_count() or 1, progress=progress, compare=compare
        )
        return await training.run(names)


@app.command("list")
def list_snapshots() -> None:
    """The snapshots on the shelf, newest first."""
    shelf = _shelf()
    table = Table(box=None, padding=(0, 2))
    for column in ("", "snapshot", "input as of", "reels", "events", "recall@200", "space"):
        table.add_column(column, no_wrap=column == "snapshot")
    for one in reversed(shelf.manifests()):
        mark = "in use" if one.version == shelf.current() else "withdrawn" if shelf.is_withdrawn(one.version) else ""
        made = datetime.fromtimestamp(one.created_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        recall = one.metrics.get("recall_at_200")
        told = "-" if recall is None else f"{recall:.3f}"
        table.add_row(mark, one.version, made, f"{one.rows:,}", f"{one.events:,}", told, one.space)
    out.print(table)


@app.command("rollback")
def rollback() -> None:
    """Go back to the snapshot before the one in use; API workers follow within a second."""
    out.print(f"in use: {_shelf().rollback()}")


def _shelf() -> Shelf:
    return Shelf(Settings().data_dir / "snapshots")


def _told(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={_told(one)}" for name, one in value.items())
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if isinstance(value, float) else str(value)


class _Shown:
    """Progress as one bar that is relabelled."""

    def __init__(self, bars: Bars, task: TaskID) -> None:
        self._bars, self._task = bars, task

    def begin(self, what: str, total: int | None = None) -> None:
        """As `core.progress.Progress` says."""
        self._bars.reset(self._task, total=total, description=what)

    def advance(self, steps: int = 1) -> None:
        """As `core.progress.Progress` says."""
        self._bars.advance(self._task, steps)


@contextmanager
def _shown() -> Iterator[_Shown]:
    with bar("training") as (bars, task):
        yield _Shown(bars, task)
