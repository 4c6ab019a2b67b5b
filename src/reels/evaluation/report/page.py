"""The report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from collections.abc import Mapping, Sequence
from html import escape

from reels.evaluation.report.markdown import abouts, described, made
from reels.evaluation.report.tables import LEGEND, Grid, grids
from reels.evaluation.results import Evaluation

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6577; --line: #d9dee7; --best: #0b6e4f; --page: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7ebf3; --soft: #9aa6ba; --line: #333c4d; --best: #5fd3a7; --page: #12161f } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem auto;
  max-width: 76rem; padding: 0 1.2rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
p.soft, li { color: var(--soft) }
div.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px }
th, td { padding: .28rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left }
td.best { color: var(--best); font-weight: 650 }
figure { margin: 1rem 0; background: #fff; border-radius: 6px; display: inline-block; padding: .6rem }
svg { max-width: 100%; height: auto }
"""


def page(evaluation: Evaluation, pictures: Mapping[str, str], compared: Sequence[Grid] = ()) -> str:
    """`pictures`: file name -> SVG, put into the page itself."""
    name = escape(str(evaluation.dataset["name"]))
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Evaluation on {name}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Evaluation on {name}</h1>",
        f"<p>{escape(described(evaluation.dataset)).replace('`', '')}</p>",
        *(_table(grid) for grid in (*grids(evaluation), *compared)),
        f'<p class="soft">{escape(LEGEND)}</p>',
        *(f"<figure>{_inline(svg)}</figure>" for svg in pictures.values()),
        "<h2>What was compared</h2><ul>",
        *(f"<li><b>{escape(one)}</b>: {escape(about)}</li>" for one, about in abouts(evaluation).items()),
        *(f"<li>left out of {escape(one)}: {escape(why)}</li>" for one, why in evaluation.left_out.items()),
        f'</ul><p class="soft">{escape(made(evaluation.made))}</p></body></html>',
    ]
    return "\n".join(parts) + "\n"


def _table(grid: Grid) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in grid.heads)
    lines = "\n".join(
        "<tr>"
        + "".join(
            f'<td class="best">{escape(cell)}</td>' if (line, place) in grid.best else f"<td>{escape(cell)}</td>"
            for place, cell in enumerate(cells)
        )
        + "</tr>"
        for line, cells in enumerate(grid.lines)
    )
    note = f'<p class="soft">{escape(grid.note)}.</p>' if grid.note else ""
    table = f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
    return f"<h2>{escape(grid.title)}</h2>{note}{table}"


def _inline(svg: str) -> str:
    """The drawing without the XML declaration that may only stand at a file's beginning."""
    return svg[svg.index("<svg") :]
