"""What a watched feed was worth to its viewers, beside the feeds it is compared with."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from reels.core.errors import ConfigError
from reels.simulation.topics import TOPICS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LAST = 10
"""Swipes at the end of a session that say what the feed has learned."""


@dataclass(frozen=True, slots=True)
class FeedQuality:
    """One feed as v viewers lived it."""

    name: str
    affinity: Floats
    """(v, swipes): true affinity by viewer and swipe; NaN where the feed had ended or the reel is unknown."""
    topics_bits: float
    """Mean Shannon entropy of the topics a viewer saw: 0 = one topic, log2(24) = 4.6 = all alike."""

    def by_swipe(self) -> Floats:
        """(swipes,) mean over the viewers; NaN where nobody swiped."""
        seen = ~np.isnan(self.affinity)
        total, count = np.where(seen, self.affinity, 0.0).sum(axis=0), seen.sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def first(self) -> float:
        """Mean of the first ten swipes."""
        return _mean(self.affinity[:, :LAST])

    def last(self) -> float:
        """Mean of the last ten swipes."""
        return _mean(self.affinity[:, -LAST:])

    def mean(self) -> float:
        """Mean of all swipes."""
        return _mean(self.affinity)


@dataclass(frozen=True, slots=True)
class WatchReport:
    """The watched feed and the others, for the same viewers."""

    watched: FeedQuality
    compared: list[FeedQuality]
    """Popularity, popularity in the viewer's language, the best possible."""
    events: int
    """Stored by the API."""
    duplicates: int = 0
    """Sent again and known to the API already."""
    rejected: list[str] = field(default_factory=list)
    """Reasons of events the API would not take."""
    repeats: int = 0
    """Reels shown again to the same viewer."""
    unknown: int = 0
    """Reels that are not in the sample, and so without a known affinity."""
    degraded: int = 0
    """Pages the API itself called degraded."""

    def feeds(self) -> list[FeedQuality]:
        """The watched feed first."""
        return [self.watched, *self.compared]


def topics_bits(topics: Ints) -> float:
    """Shannon entropy, in bits, of the topics of the reels one viewer saw."""
    counts = np.bincount(topics, minlength=len(TOPICS))
    shares = counts[counts > 0] / max(len(topics), 1)
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def table(report: WatchReport) -> Table:
    """True affinity by feed, to print."""
    shown = Table(title="Mean true affinity (0..1)", title_justify="left")
    shown.add_column("feed")
    for heading in (f"first {LAST}", f"last {LAST}", "all", "topics (bits)"):
        shown.add_column(heading, justify="right")
    for feed in report.feeds():
        numbers = (feed.first(), feed.last(), feed.mean())
        shown.add_row(feed.name, *(f"{x:.3f}" for x in numbers), f"{feed.topics_bits:.2f}")
    return shown


def plot(report: WatchReport, path: Path) -> None:
    """Draw mean true affinity by swipe as a PNG. Raises ConfigError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ConfigError(
            "a plot needs matplotlib; install it (pip install 'reels[dev]') or leave --plot out"
        ) from error
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for feed in report.feeds():
        line = feed.by_swipe()
        style = {"linewidth": 2.5} if feed is report.watched else {"linewidth": 1.2, "linestyle": "--"}
        axes.plot(np.arange(1, len(line) + 1), line, label=feed.name, **style)
    axes.set(xlabel="swipe", ylabel="mean true affinity", ylim=(0, 1))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def _mean(values: Floats) -> float:
    seen = values[~np.isnan(values)]
    return float(seen.mean()) if len(seen) else float("nan")
