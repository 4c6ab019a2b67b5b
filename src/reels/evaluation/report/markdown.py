"""The report as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from reels.evaluation.report.tables import LEGEND, Grid, grids
from reels.evaluation.results import Evaluation


def markdown(evaluation: Evaluation, images: Mapping[str, str], compared: Sequence[Grid] = ()) -> str:
    """One section: the data, the tables, the plots (`images`: title -> address), what each recommender is."""
    parts = [f"## {evaluation.dataset['name']}", described(evaluation.dataset)]
    for grid in (*grids(evaluation), *compared):
        parts += [f"### {grid.title}", *([grid.note + "."] if grid.note else []), _table(grid)]
    parts += [f"![{title}]({address})" for title, address in images.items()]
    parts.append("\n".join(f"- **{name}**: {about}" for name, about in abouts(evaluation).items()))
    if evaluation.left_out:
        parts.append("\n".join(f"- left out of {which}: {why}" for which, why in evaluation.left_out.items()))
    parts.append(made(evaluation.made))
    return "\n\n".join(parts) + "\n"


def page(sections: Sequence[str]) -> str:
    """A whole document of several data sets."""
    head = (
        "# Evaluation\n\nMade by `reels evaluate` and `reels evaluation-report`; do not edit. "
        f"How to read the tables: {LEGEND}\n"
    )
    return "\n".join([head, *sections])


def described(dataset: Mapping[str, Any]) -> str:
    """The data set in one sentence."""
    return (
        f"{dataset['reels']:,} reels, {dataset['viewers']:,} viewers, {dataset['exposures']:,} exposures, "
        f"{dataset['positives']:,} of them positive (digest `{dataset['digest']}`)."
    )


def made(made: Mapping[str, Any]) -> str:
    """When and on what it was measured."""
    versions = ", ".join(f"{name} {number}" for name, number in made["versions"].items())
    sample = f"{made['sample']:,} viewers a question" if made["sample"] else "all viewers"
    return (
        f"Measured {made['at']} on {made['machine']}, Python {made['python']}, {versions}; {sample}, seed "
        f"{made['seed']}, {made['threads']} thread{'s' if made['threads'] > 1 else ''}. Times are of a machine that "
        "may have had other work to do."
    )


def abouts(evaluation: Evaluation) -> dict[str, str]:
    """Recommender -> what it is."""
    return {row.recommender: row.about for row in evaluation.rows}


def _table(grid: Grid) -> str:
    lines = [grid.heads, ["---", *["---:"] * (len(grid.heads) - 1)]]
    for line, cells in enumerate(grid.lines):
        lines.append([f"**{cell}**" if (line, place) in grid.best else cell for place, cell in enumerate(cells)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
