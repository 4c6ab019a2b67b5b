"""What a month was like, in numbers.

satisfaction   mean true affinity of what was shown, 0..1
of best        that, as a share of what was left to be shown: a viewer never sees a reel twice, so the best go first
entropy        bits, of the topics one viewer saw in a week; the mean over viewers who saw `ENOUGH` reels
of tastes      the same of the pages with the best satisfaction: below it a feed is narrower than its viewers
trials         what became of fresh reels by new creators
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.evaluation.metrics import gini
from reels.evaluation.month.config import MonthConfig
from reels.evaluation.month.living import Lived, Month
from reels.evaluation.month.world import World
from reels.simulation.baselines import best_possible, popular, popular_in_language
from reels.simulation.catalogue import DAY
from reels.simulation.report import topics_bits

WEEK = 7
ENOUGH = 10
"""Reels a viewer must have seen in a week to have an entropy."""
TRIAL = 100
TIME_FOR_IT = 5
"""Days a reel must have been there for its trial to be judged."""
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Week:
    """One week of one arm."""

    satisfaction: float
    of_best: float
    watched: float
    """Mean watched share of the duration."""
    skipped: float
    entropy: float
    of_tastes: float
    """Entropy of the pages somebody would have made who knows the viewers: what their tastes ask for."""
    distinct: int
    """Reels shown to anybody."""
    gini: float
    """Of how often the reels published by its end were shown."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Fresh reels by new creators that had been there for `TIME_FOR_IT` days."""

    reels: int
    reached: int
    """Of them, shown at least `TRIAL` times by the end of the month."""
    days: float
    """Median days until then; NaN = none."""
    traffic: float
    """Share of all impressions of the month that went to reels on trial."""
    dearest: float
    """That share on its dearest day."""


def by_day(month: Month, days: int) -> Doubles:
    """float64[days]: satisfaction."""
    lived = month.lived
    shown = np.bincount(lived.day, minlength=days)
    total = np.bincount(lived.day, lived.affinity, minlength=days)
    return np.asarray(np.divide(total, shown, out=np.full(days, np.nan), where=shown > 0))


def best_by_day(month: Month, days: int) -> Doubles:
    """float64[days]: the satisfaction of pages made by somebody who knows the viewers."""
    lived = month.lived
    shown = np.bincount(lived.day, minlength=days)
    total = np.bincount(lived.day, lived.best, minlength=days)
    return np.asarray(np.divide(total, shown, out=np.full(days, np.nan), where=shown > 0))


def weeks(month: Month, world: World, config: MonthConfig) -> list[Week]:
    """Whole weeks from the first day on; what is left at the end belongs to the last one."""
    count = max(1, config.days // WEEK)
    of = np.minimum(month.lived.day // WEEK, count - 1)
    ends = [world.begins + (config.days if i == count - 1 else (i + 1) * WEEK) * DAY for i in range(count)]
    return [_week(month.lived, of == i, world, ends[i]) for i in range(count)]


def trials(month: Month, world: World, config: MonthConfig) -> Trials:
    """What became of fresh reels."""
    lived, begins = month.lived, world.begins
    in_time = world.published <= begins + (config.days - TIME_FOR_IT) * DAY
    fresh = np.flatnonzero(world.of_new_creator & in_time)
    needed = []
    for row in fresh.tolist():
        shown = np.flatnonzero(lived.row == row)
        if len(shown) >= TRIAL:
            needed.append(float(lived.day[shown[TRIAL - 1]] - (world.published[row] - begins) / DAY + 0.5))
    by_day_of = np.bincount(lived.day, lived.on_trial, minlength=config.days)
    all_of = np.maximum(np.bincount(lived.day, minlength=config.days), 1)
    return Trials(
        reels=len(fresh),
        reached=len(needed),
        days=float(np.median(needed)) if needed else float("nan"),
        traffic=float(lived.on_trial.mean()),
        dearest=float((by_day_of / all_of).max()),
    )


def newcomers(month: Month) -> Doubles:
    """float64[swipes]: mean true affinity of the k-th reel of viewers nobody knew."""
    return np.asarray(np.nanmean(month.newcomers, axis=0))


def without_the_feed(world: World, swipes: int) -> dict[str, float]:
    """What the newcomers would have had of other feeds: mean true affinity of as many reels."""
    found: dict[str, list[float]] = {"popular": [], "popular in the language": [], "best possible": []}
    everyone = popular(world.truth)
    for person in world.newcomers:
        loves = world.truth.affinity(person)
        found["popular"].append(float(loves[everyone[:swipes]].mean()))
        found["popular in the language"].append(float(loves[popular_in_language(world.truth, person)[:swipes]].mean()))
        found["best possible"].append(float(loves[best_possible(world.truth, person)[:swipes]].mean()))
    return {name: float(np.mean(values)) for name, values in found.items()}


def _week(lived: Lived, mine: NDArray[np.bool_], world: World, ends: float) -> Week:
    rows, viewers = lived.row[mine], lived.viewer[mine]
    there = world.published <= ends
    return Week(
        satisfaction=float(lived.affinity[mine].mean()),
        of_best=float(lived.affinity[mine].sum() / lived.best[mine].sum()),
        watched=float(lived.watched[mine].mean()),
        skipped=float(lived.skipped[mine].mean()),
        entropy=_entropy(world.truth.topic[rows], viewers),
        of_tastes=_entropy(world.truth.topic[lived.best_row[mine]], viewers),
        distinct=len(np.unique(rows)),
        gini=gini(np.bincount(rows, minlength=len(there))[there]),
    )


def _entropy(topics: NDArray[np.int64], viewers: NDArray[np.int64]) -> float:
    """Mean over the viewers with `ENOUGH` reels; NaN without any."""
    order = np.argsort(viewers, kind="stable")
    parts = np.split(topics[order], np.flatnonzero(np.diff(viewers[order])) + 1)
    bits = [topics_bits(one) for one in parts if len(one) >= ENOUGH]
    return float(np.mean(bits)) if bits else float("nan")
