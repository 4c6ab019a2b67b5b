"""`reels evaluate`: how good the recommendations are, and `reels evaluation-report`: several runs as one document."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from reels.cli.console import out, watching
from reels.core.errors import InputError
from reels.evaluation.baselines import BASELINES
from reels.evaluation.compare import differences
from reels.evaluation.log import Catalogue, Log
from reels.evaluation.logs import SOURCES
from reels.evaluation.logs import imported as here
from reels.evaluation.plans import default_splits, plan_for
from reels.evaluation.report.tables import Grid, comparison, grids
from reels.evaluation.report.writing import write, write_document
from reels.evaluation.results import Evaluation, Folder, read
from reels.evaluation.runs import Data, RunConfig
from reels.evaluation.runs import evaluate as run_all
from reels.settings import Settings
from reels.wiring import open_stores

_NOWHERE = ("", Path())
WIDE = 190
"""Characters of a table with all its columns: a narrower terminal wraps, rather than losing numbers."""


def evaluate(
    dataset: Annotated[
        tuple[str, Path], typer.Option(help=f"A published data set ({', '.join(SOURCES)}) and its folder.")
    ] = _NOWHERE,
    imported: Annotated[bool, typer.Option("--imported", help="Evaluate on what was imported here.")] = False,
    baselines: Annotated[str, typer.Option(help=f"Some of {', '.join(BASELINES)}; default: all.")] = "",
    splits: Annotated[str, typer.Option(help="Some of the data set's splits; default: all but `tune`.")] = "",
    sample: Annotated[int | None, typer.Option(min=1, help="Ask only so many viewers a question.")] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Folder of the report. Default: var/evaluation/NAME.")
    ] = None,
    compare: Annotated[Path | None, typer.Option(help="evaluation.json of an earlier run, or its folder.")] = None,
    seed: Annotated[int, typer.Option(help="Of models, samples and intervals.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads the fits may use.")] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run everything again, even what is in the folder.")] = False,
) -> None:
    """Measure the recommenders on a log. Stopped, it goes on with the same command."""
    before = read(compare) if compare else None
    chosen = [BASELINES[name] for name in _names(baselines, list(BASELINES), "baseline")]
    data = _data(dataset, imported)
    plan = plan_for(data.name, data.log, data.catalogue)
    root = to or Settings().data_dir / "evaluation" / data.name
    if compare and root.resolve() == (compare if compare.is_dir() else compare.parent).resolve():
        raise InputError(f"--compare {compare}: that run is in the folder this one writes to; give another --out")
    root.mkdir(parents=True, exist_ok=True)
    config = RunConfig(sample, seed, threads, fresh)
    now = datetime.now(UTC).strftime("%Y-%m-%d")
    wanted = _names(splits, list(plan), "split", default_splits(plan))
    with watching("evaluating") as watch:
        found = run_all(data, plan, wanted, chosen, root, config, made_at=now, watch=watch)
    compared = _compared(found, before, Folder(root), compare)
    wide = Console(width=max(out.width, WIDE), highlight=False)
    for grid in (*grids(found), *compared):
        wide.print(_drawn(grid))
    for which, why in found.left_out.items():
        out.print(f"left out of {which}: {why}")
    for path in write(found, root, compared):
        out.print(str(path))


def evaluation_report(
    runs: Annotated[list[Path], typer.Argument(help="evaluation.json files of runs, or their folders.")],
    to: Annotated[Path, typer.Option("--to", help="Markdown file to write; plots go into images/ beside it.")],
) -> None:
    """Write several runs as one Markdown document."""
    to.parent.mkdir(parents=True, exist_ok=True)
    write_document([read(run) for run in runs], to)
    out.print(str(to))


def _data(dataset: tuple[str, Path], from_here: bool) -> Data:
    name, directory = dataset
    if from_here == bool(name):
        raise InputError("say what to evaluate on: --dataset NAME DIR or --imported")
    if from_here:
        return Data(here.NAME, *asyncio.run(_read_imported()))
    if name not in SOURCES:
        raise InputError(f"no data set {name!r}; known are {', '.join(SOURCES)}")
    return Data(name, *SOURCES[name].read(directory))


async def _read_imported() -> tuple[Catalogue, Log]:
    async with open_stores(Settings()) as stores:
        return await here.read(stores.reels, stores.interactions)


def _names(given: str, known: Sequence[str], what: str, default: Sequence[str] | None = None) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        raise InputError(f"no {what} {', '.join(unknown)}; there are {', '.join(known)}")
    return names or list(known if default is None else default)


def _compared(found: Evaluation, before: Evaluation | None, folder: Folder, where: Path | None) -> list[Grid]:
    if before is None or where is None:
        return []
    changes, warnings = differences(found, before, folder, Folder(where if where.is_dir() else where.parent))
    for warning in warnings:
        out.print(f"[yellow]careful:[/] {warning}")
    if not changes:
        out.print("nothing in common with the earlier run")
        return []
    return [comparison(changes)]


def _drawn(grid: Grid) -> Table:
    table = Table(title=grid.title, title_justify="left", box=None, padding=(0, 1), caption=grid.note or None)
    for place, head in enumerate(grid.heads):
        table.add_column(head, justify="right" if place else "left", no_wrap=True)
    for line, cells in enumerate(grid.lines):
        marked = (f"[bold green]{cell}[/]" if (line, place) in grid.best else cell for place, cell in enumerate(cells))
        table.add_row(*marked)
    return table
