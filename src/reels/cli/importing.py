"""`reels import`: catalogues, events and published data sets into MongoDB."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from reels.cli.console import bar, out, summary
from reels.core.errors import InputError
from reels.ingest.checkpoint import Checkpoint, ImportCounts
from reels.ingest.datasets import DATASETS
from reels.ingest.files.events import read_events
from reels.ingest.files.reels import read_reels
from reels.ingest.importer import import_events, import_reels
from reels.ingest.rejects import RejectsFile
from reels.settings import Settings
from reels.wiring import Stores, open_stores

app = typer.Typer(no_args_is_help=True, help="Bring a catalogue, events or a published data set in.")

File = Annotated[Path, typer.Argument(help="CSV, TSV, JSONL (each also .gz) or Parquet; columns are found by name.")]
Rejects = Annotated[
    Path | None, typer.Option(help="Where to write what can't be read. Default: FILE.rejects.csv here.")
]


@app.command()
def reels(file: File, rejects: Rejects = None) -> None:
    """Import reels. The same file again changes nothing; changed rows are updated."""
    asyncio.run(_alone("reels", file, read_reels(file), rejects))


@app.command()
def events(file: File, rejects: Rejects = None) -> None:
    """Import events of reels that are in the catalogue. An event already there is left as it is."""
    asyncio.run(_events_of_file(file, rejects))


@app.command()
def dataset(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(DATASETS)}.")],
    directory: Annotated[Path, typer.Argument(help="The folder with the files as published.")],
    rejects: Rejects = None,
) -> None:
    """Import a published data set: its reels, then its events."""
    if name not in DATASETS:
        raise InputError(f"no data set {name!r}; known are {', '.join(DATASETS)}")
    asyncio.run(_dataset(name, directory, rejects))


async def _dataset(name: str, directory: Path, rejects: Path | None) -> None:
    found = DATASETS[name]
    async with open_stores(Settings()) as stores:
        for what, things in (("reels", found.reels(directory)), ("events", found.events(directory))):
            await bring_in(stores, what, directory, things, _rejects_of(rejects or Path(f"{name}.rejects.csv"), what))


def _rejects_of(rejects: Path, what: str) -> Path:
    """A file for the reels and one for the events: `x.rejects.csv` -> `x.reels.rejects.csv`."""
    stem = rejects.name.removesuffix(".csv").removesuffix(".rejects")
    return rejects.with_name(f"{stem}.{what}.rejects.csv")


async def _alone(what: str, file: Path, things: Iterator[Any], rejects: Path | None) -> None:
    async with open_stores(Settings()) as stores:
        _not_nothing(file, await bring_in(stores, what, file, things, rejects or Path(f"{file.name}.rejects.csv")))


async def _events_of_file(file: Path, rejects: Path | None) -> None:
    async with open_stores(Settings()) as stores:
        known = {stored.reel.reel_id async for batch in stores.reels.stream() for stored in batch}
        target = rejects or Path(f"{file.name}.rejects.csv")
        _not_nothing(file, await bring_in(stores, "events", file, read_events(file, known), target))


def _not_nothing(file: Path, counts: ImportCounts) -> None:
    if not counts.taken:
        raise InputError(f"{file}: nothing could be read; it has no rows")


async def bring_in(stores: Stores, what: str, source: Path, things: Iterator[Any], rejects: Path) -> ImportCounts:
    """Import reels or events, show how far it is, say what it did.

    Raises InputError where nothing at all could be read.
    """
    checkpoint = Checkpoint(stores.settings.data_dir / "imports", what, [source])
    before, began = checkpoint.load(), time.perf_counter()
    if before.taken:
        out.print(f"going on after {before.taken:,} rows of an import that was stopped")
    with bar(f"{what} of {source.name}") as (progress, task), RejectsFile(rejects, resumed=bool(before.taken)) as file:

        def watch(counts: ImportCounts) -> None:
            progress.update(task, completed=counts.taken)

        if what == "reels":
            counts = await import_reels(things, stores.reels, file, checkpoint, time.time(), watch)
        else:
            viewers = stores.viewers if await stores.redis_answers() else None
            counts = await import_events(
                things, stores.interactions, stores.reels, stores.users, viewers, file, checkpoint, time.time(), watch
            )
    took = time.perf_counter() - began
    _say(what, source, counts, rejects, (counts.taken - before.taken) / max(took, 1e-9), took)
    if counts.taken and counts.taken == counts.rejected:
        raise InputError(f"{source}: nothing could be read; the reasons are in {rejects}")
    return counts


def _say(what: str, source: Path, counts: ImportCounts, rejects: Path, rate: float, took: float) -> None:
    rows: dict[str, object] = {
        "new": counts.new,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
    }
    summary(f"{what} of {source.name}: {counts.taken:,} rows in {took:.1f} s ({rate:,.0f}/s)", rows)
    if counts.rejected:
        out.print(f"what was rejected, and why: {rejects}")
