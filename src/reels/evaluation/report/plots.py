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
        found[f"{slug}-accuracy.svg"] = bars(rows, f"{split}: {question}")
        found[f"{slug}-coverage.svg"] = scatter(rows, f"{split}: {question}")
    after = [(question, rows) for (split, question), rows in questions.items() if split == "cold-viewers"]
    if after:
        found[f"{name}-cold-viewers.svg"] = new_viewers(after)
    return found


def bars(rows: Sequence[Row], title: str) -> str:
    """NDCG@10 of each recommender with its interval, best on top."""
    ordered = sorted(rows, key=lambda row: row.metrics["ndcg@10"].mean)
    figure, axes = _figure(6.4, 0.9 + 0.28 * len(ordered))
    means = [row.metrics["ndcg@10"].mean for row in ordered]
    errors = [
        [max(row.metrics["ndcg@10"].mean - row.metrics["ndcg@10"].low, 0) for row in ordered],
        [max(row.metrics["ndcg@10"].high - row.metrics["ndcg@10"].mean, 0) for row in ordered],
    ]
    colours = [ACCENT if row.recommender == OURS else COLOUR for row in ordered]
    names = [row.recommender for row in ordered]
    axes.barh(names, means, xerr=errors, color=colours, height=0.66, error_kw={"ecolor": INK, "elinewidth": 1})
    axes.set_xlabel("NDCG@10, 95% interval")
    axes.set_title(title, loc="left")
    axes.grid(axis="x", color=GRID)
    return _svg(figure)


def scatter(rows: Sequence[Row], title: str) -> str:
    """Recall@10 against coverage: up and to the right is better."""
    figure, axes = _figure(6.4, 4.2)
    for row in rows:
        x, y = row.metrics["coverage@10"].mean, row.metrics["recall@10"].mean
        axes.scatter(x, y, s=36, color=ACCENT if row.recommender == OURS else COLOUR, zorder=3)
        axes.annotate(row.recommender, (x, y), xytext=(5, 4), textcoords="offset points", fontsize=8, color=INK)
    axes.set_xlabel("coverage of the first ten places")
    axes.set_ylabel("Recall@10")
    axes.set_title(title, loc="left")
    axes.margins(x=0.2, y=0.12)
    axes.grid(color=GRID)
    return _svg(figure)


def new_viewers(after: Sequence[tuple[str, list[Row]]]) -> str:
    """Recall@10 of viewers nobody knew, by how many positives are known of them."""
    figure, axes = _figure(6.4, 4.2)
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
    return _svg(figure)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _svg(figure: Any) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
