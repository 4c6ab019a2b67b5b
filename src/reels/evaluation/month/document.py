"""The months as a page of Markdown with plots."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reels.evaluation.month.config import MonthConfig
from reels.evaluation.month.living import Month
from reels.evaluation.month.measures import (
    ENOUGH,
    TIME_FOR_IT,
    TRIAL,
    Trials,
    Week,
    best_by_day,
    by_day,
    newcomers,
    trials,
    weeks,
    without_the_feed,
)
from reels.evaluation.month.world import World
from reels.evaluation.report.plots import LINES, figure_of, svg_of

IMAGES = "images"
_INTRODUCTION = (
    "Made by `reels simulate --days {c.days} --report`; do not edit. {c.viewers:,} viewers with known tastes, whom "
    "nobody knows on the first day, each come on {share:.0f}% of the days and look at {reels} reels. The catalogue "
    "ends at {c.reels:,} reels; what is published during the month begins without any counter. Every night the models "
    "are fitted on what happened; pages come from the stages that answer `GET /feed`. Learned: the policy of that "
    "name, whose ranker is trained every {c.ranker_every} nights, without sequence models. Satisfaction is the true "
    "affinity (0..1) of what was shown, which the feed is never told. The viewers are made up: this shows how "
    "the parts act on "
    "each other, not what people do."
)
_ECHO = (
    "Of best: satisfaction as a share of what the best page of what the viewer had not seen yet would have given: "
    "nobody is shown a reel twice, so the best go first. Entropy: bits, of the topics a viewer saw in a week (viewers "
    "with at least {enough} reels); the fewer, the narrower. Of tastes: the entropy of the best pages, what the "
    "viewers' own tastes ask for: below it the feed is narrower than they are. Distinct: reels shown to anybody in the "
    "week."
)
_FRESH = (
    "Reels published during the month, at least {days} days before its end, by somebody whose first reel is of the "
    "last fortnight. A trial is {trial} impressions. Traffic: share of all impressions that went to reels on trial, "
    "over the month and on the dearest day."
)
_LATE = (
    "{c.newcomers} viewers who sign up when the month is over, asking for one reel at a time: mean true affinity of "
    "the k-th reel, chosen knowing the k - 1 before."
)


def write_month(months: Sequence[Month], world: World, config: MonthConfig, made: str, path: Path) -> list[Path]:
    """Writes `path` and its plots into images/ beside it; `made`: when and on what machine. Returns the files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / IMAGES).mkdir(exist_ok=True)
    plots = {
        "month-satisfaction.svg": _satisfaction(months, config),
        "month-entropy.svg": _entropy(months, world, config),
        "month-newcomers.svg": _newcomers(months, world, config),
    }
    for name, text in plots.items():
        (path.parent / IMAGES / name).write_text(text, encoding="utf-8")
    path.write_text(markdown(months, world, config, made, list(plots)), encoding="utf-8")
    return [path, *(path.parent / IMAGES / name for name in plots)]


def markdown(months: Sequence[Month], world: World, config: MonthConfig, made: str, plots: Sequence[str]) -> str:
    """The page."""
    satisfaction, entropy, late = (f"![{_alt(name)}]({IMAGES}/{name})" for name in plots)
    said = [
        "# A simulated month",
        _INTRODUCTION.format(c=config, reels=config.pages_a_day * config.page_size, share=100 * config.here),
        "## Echo chambers",
        _ECHO.format(enough=ENOUGH),
        _weeks_table(months, world, config),
        satisfaction,
        entropy,
        "## Fresh reels by new creators",
        _FRESH.format(days=TIME_FOR_IT, trial=TRIAL),
        _trials_table(months, world, config),
        "## New viewers",
        _LATE.format(c=config),
        _newcomers_table(months, world, config),
        late,
        made,
    ]
    return "\n\n".join(said) + "\n"


def _alt(name: str) -> str:
    return name.removesuffix(".svg").replace("-", " ")


def _weeks_table(months: Sequence[Month], world: World, config: MonthConfig) -> str:
    heads = ("satisfaction", "of best", "watched", "skipped", "entropy", "of tastes", "distinct", "Gini")
    lines = [f"| | week | {' | '.join(heads)} |", "|---|" + "--:|" * (len(heads) + 1)]
    for month in months:
        for number, week in enumerate(weeks(month, world, config), start=1):
            lines.append(f"| {month.arm} | {number} | {' | '.join(_cells(week))} |")
    return "\n".join(lines)


def _cells(week: Week) -> list[str]:
    rates = [f"{week.satisfaction:.3f}", f"{100 * week.of_best:.0f}%", f"{week.watched:.2f}", f"{week.skipped:.3f}"]
    return [*rates, f"{week.entropy:.2f}", f"{week.of_tastes:.2f}", f"{week.distinct:,}", f"{week.gini:.3f}"]


def _trials_table(months: Sequence[Month], world: World, config: MonthConfig) -> str:
    lines = ["| | reels | reached | median days | traffic | dearest day |", "|---|--:|--:|--:|--:|--:|"]
    for month in months:
        one: Trials = trials(month, world, config)
        days = "" if np.isnan(one.days) else f"{one.days:.1f}"
        shares = f"{100 * one.traffic:.1f}% | {100 * one.dearest:.1f}%"
        lines.append(f"| {month.arm} | {one.reels} | {one.reached} | {days} | {shares} |")
    return "\n".join(lines)


def _newcomers_table(months: Sequence[Month], world: World, config: MonthConfig) -> str:
    heads = [str(k + 1) for k in range(config.swipes)]
    lines = [f"| reel | {' | '.join(heads)} |", "|---|" + "--:|" * len(heads)]
    lines += [f"| {month.arm} | {' | '.join(f'{one:.2f}' for one in newcomers(month))} |" for month in months]
    others = ", ".join(f"{name} {mean:.2f}" for name, mean in without_the_feed(world, config.swipes).items())
    return "\n".join(lines) + f"\n\nMean of as many reels of other feeds: {others}."


def _satisfaction(months: Sequence[Month], config: MonthConfig) -> str:
    figure, axes = figure_of(6.4, 3.6)
    for colour, month in zip(LINES, months, strict=False):
        axes.plot(np.arange(1, config.days + 1), by_day(month, config.days), color=colour, label=month.arm)
        best = best_by_day(month, config.days)
        axes.plot(np.arange(1, config.days + 1), best, color=colour, linestyle=":", label=f"{month.arm}: best left")
    axes.set_xlabel("day")
    axes.set_ylabel("mean true affinity")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return svg_of(figure)


def _entropy(months: Sequence[Month], world: World, config: MonthConfig) -> str:
    figure, axes = figure_of(6.4, 3.6)
    for colour, month in zip(LINES, months, strict=False):
        bits = [one.entropy for one in weeks(month, world, config)]
        axes.plot([str(i + 1) for i in range(len(bits))], bits, marker="o", color=colour, label=month.arm)
        tastes = [one.of_tastes for one in weeks(month, world, config)]
        axes.plot(range(len(tastes)), tastes, color=colour, linestyle=":", label=f"{month.arm}: of tastes")
    axes.set_xlabel("week")
    axes.set_ylabel("entropy of a viewer's topics, bits")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return svg_of(figure)


def _newcomers(months: Sequence[Month], world: World, config: MonthConfig) -> str:
    figure, axes = figure_of(6.4, 3.6)
    places = np.arange(1, config.swipes + 1)
    for colour, month in zip(LINES, months, strict=False):
        axes.plot(places, newcomers(month), marker="o", color=colour, label=month.arm)
    for name, mean in without_the_feed(world, config.swipes).items():
        axes.axhline(mean, color="#999999", linewidth=1, linestyle="--")
        axes.annotate(name, (config.swipes, mean), (0, 3), textcoords="offset points", ha="right", fontsize=8)
    axes.set_xlabel("reel")
    axes.set_ylabel("mean true affinity")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return svg_of(figure)
