"""How long work shows itself: a bar on a terminal, nothing elsewhere; the summary always."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@contextmanager
def bar(what: str, total: float | None = None) -> Iterator[tuple[Progress, TaskID]]:
    """A progress bar on stderr and its task; quiet where stderr is not a terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        yield progress, progress.add_task(what, total=total)


@contextmanager
def watching(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar whose words and numbers are told as the work goes on: what is being done, how many of how many."""
    with bar(what) as (progress, task):

        def watch(doing: str, done: int, total: int) -> None:
            progress.update(task, description=doing, completed=done, total=total or None)

        yield watch


def summary(title: str, rows: dict[str, object]) -> None:
    """A small two-column table: what was done."""
    table = Table(title=title, show_header=False, title_justify="left", box=None, padding=(0, 2))
    for name, value in rows.items():
        table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
    out.print(table)
