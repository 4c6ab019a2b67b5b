"""Plots as SVG text, drawn without a display and the same for the same numbers."""

import io
from collections.abc import Sequence
from math import isnan
from typing import Any

from reels.core.errors import ConfigError
from reels.evaluation.results import Evaluation, Row

OURS = "documented formula"
INK, COLOUR, ACCENT, GRID = "#333333", "#7a8ca5", "#d1495b", "#e6e6e6"
LINES = ("#d1495b", "#2f6690", "#3a7d44", "#e09f3e", "#7d5ba6", "#1b998b", "#8d6a9f", "#5c677d")


def plots(evaluation: Evaluation) -> dict[str, str]:
    """File name -> SVG. Raises ConfigError without matplotlib."""
    try:
        from matplotlib import rc_context  # 0.7 s, and an extra: only who draws pays
    except ImportError as error:
        raise ConfigError("plots need matplotlib: pip install 'reels[evaluation]'") from error
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "reels", "font.family": "sans-serif", "font.size": 9}):
        return _all(evaluation)


def _all(evaluation: Evaluation) -> dict[str, str]:
    name, questions = evaluation.dataset["name"], evaluation.questions()
    found: dict[str, str] = {}
    for (split, question), rows in questions.items():
        if split == "cold-viewers":
            continue
        slug = f"{name}-{split}-{question}".replace(" ", "-").replace(",", "")
        if "ndcg@10" not in rows[0].metrics:
            found[f"{slug}-gauc.svg"] = bars(rows, f"{split}: {question}", "gauc", "GAUC", from_half=True)
            continue
        found[f"{slug}-accuracy.svg"] = bars(rows, f"{split}: {question}")
        if split != "cold-reels":
            found[f"{slug}-coverage.svg"] = scatter(rows, f"{split}: {question}")
    after = [(question, rows) for (split, question), rows in questions.items() if split == "cold-viewers"]
    if after:
        found[f"{name}-cold-viewers.svg"] = new_viewers(after)
    return found


def bars(
    rows: Sequence[Row], title: str, metric: str = "ndcg@10", said: str = "NDCG@10", *, from_half: bool = False
) -> str:
    """One metric of each recommender with its interval, best on top; `from_half`: 1/2 is what chance gives."""
    ordered = sorted(rows, key=lambda row: row.metrics[metric].mean)
    figure, axes = figure_of(6.4, 0.9 + 0.28 * len(ordered))
    means = [row.metrics[metric].mean for row in ordered]
    errors = [
        [max(row.metrics[metric].mean - row.metrics[metric].low, 0) for row in ordered],
        [max(row.metrics[metric].high - row.metrics[metric].mean, 0) for row in ordered],
    ]
    colours = [ACCENT if row.recommender == OURS else COLOUR for row in ordered]
    names = [row.recommender for row in ordered]
    axes.barh(names, means, xerr=errors, color=colours, height=0.66, error_kw={"ecolor": INK, "elinewidth": 1})
    axes.set_xlabel(f"{said}, 95% interval")
    if from_half:
        axes.set_xlim(left=0.5)
    axes.set_title(title, loc="left")
    axes.grid(axis="x", color=GRID)
    return svg_of(figure)


def scatter(rows: Sequence[Row], title: str) -> str:
    """Recall@10 against coverage: up and to the right is better."""
    figure, axes = figure_of(6.4, 4.2)
    points = [(row.recommender, row.metrics["coverage@10"].mean, row.metrics["recall@10"].mean) for row in rows]
    for name, x, y in points:
        axes.scatter(x, y, s=36, color=ACCENT if name == OURS else COLOUR, zorder=3)
    axes.set_xlabel("coverage of the first ten places")
    axes.set_ylabel("Recall@10")
    axes.set_title(title, loc="left")
    axes.margins(x=0.25, y=0.12)
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= 1])
    axes.grid(color=GRID)
    _named(figure, axes, points)
    return svg_of(figure)


def _named(figure: Any, axes: Any, points: Sequence[tuple[str, float, float]]) -> None:
    """Each point's name beside it: right, left, further up or down, wherever no other name or point is yet."""
    figure.draw_without_rendering()
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in (axes.transData.transform((x, y)) for _, x, y in points)]
    for name, x, y in sorted(points, key=lambda point: -point[2]):
        wide = 5.6 * len(name) + 4
        for side, up in ((1, -3), (-1, -3), (1, 8), (1, -14), (-1, 8), (-1, -14), (1, 19), (1, -25), (1, 30), (1, -36)):
            at_x, at_y = axes.transData.transform((x, y))
            left, low = (at_x + 7 if side > 0 else at_x - 7 - wide), at_y + up
            box = (left, low, left + wide, low + 10)
            if not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
                break
        taken.append(box)
        points_up, align = up * 72 / figure.dpi, "left" if side > 0 else "right"
        offset = (7 * side * 72 / figure.dpi, points_up)
        axes.annotate(name, (x, y), offset, textcoords="offset points", fontsize=8, color=INK, ha=align)


def new_viewers(after: Sequence[tuple[str, list[Row]]]) -> str:
    """Recall@10 of viewers nobody knew, by how many positives are known of them."""
    figure, axes = figure_of(6.4, 4.2)
    events = [question.removeprefix("after ") for question, _ in after]
    last = {row.recommender: row.metrics["recall@10"].mean for row in after[-1][1]}
    best = sorted(last, key=lambda name: -last[name] if not isnan(last[name]) else 0.0)[: len(LINES) - 1]
    for colour, name in zip(LINES, dict.fromkeys([*([OURS] if OURS in last else []), *best]), strict=False):
        means = [row.metrics["recall@10"].mean for _, rows in after for row in rows if row.recommender == name]
        if len(means) == len(events):
            axes.plot(events, means, marker="o", color=colour, label=name, linewidth=2 if name == OURS else 1.4)
    axes.set_xlabel("positive events known of a new viewer")
    axes.set_ylabel("Recall@10 of the next")
    axes.set_title("new viewers", loc="left")
    axes.set_ylim(bottom=0)
    axes.grid(color=GRID)
    axes.legend(frameon=False, fontsize=8)
    return svg_of(figure)


def figure_of(width: float, height: float) -> tuple[Any, Any]:
    """An empty figure of so many inches and its axes. Raises ImportError without matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def svg_of(figure: Any) -> str:
    """As text, without a date, the same for the same figure."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
