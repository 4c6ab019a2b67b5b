"""Two runs side by side: the difference of every number, with the interval it can be trusted to.

Where both runs kept each viewer's numbers of the same viewers, the differences are bootstrapped viewer by viewer, which
sees small steps; else the two standard errors are added up, which is cautious.
"""

from dataclasses import dataclass
from math import hypot, isnan, nan

import numpy as np

from reels.evaluation.intervals import Estimate, estimates
from reels.evaluation.results import Evaluation, Folder, Row

NORMAL = 1.96
"""Quantile of the 95% interval."""
WEIGHTED = ("gauc",)
"""Means over exposures, not viewers: never paired viewer by viewer."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number now and before."""

    split: str
    question: str
    recommender: str
    metric: str
    before: float
    after: float
    low: float
    high: float
    paired: bool

    @property
    def change(self) -> float:
        """after - before"""
        return self.after - self.before

    @property
    def certain(self) -> bool:
        """The interval of the change does not hold 0."""
        return self.low > 0 or self.high < 0


def differences(
    now: Evaluation, before: Evaluation, now_folder: Folder, before_folder: Folder
) -> tuple[list[Difference], list[str]]:
    """Of every row in both runs; and warnings about what makes them hard to compare."""
    earlier = {row.place: row for row in before.rows}
    found: list[Difference] = []
    for row in now.rows:
        if row.place in earlier:
            paired = _paired(row, now_folder, before_folder)
            found += [_difference(row, earlier[row.place], name, paired) for name in _shared(row, earlier[row.place])]
    return found, _warnings(now, before)


def _shared(one: Row, other: Row) -> list[str]:
    return [name for name in one.metrics if name in other.metrics]


def _difference(now: Row, before: Row, metric: str, paired: dict[str, Estimate]) -> Difference:
    one, other = now.metrics[metric], before.metrics[metric]
    if metric in paired:
        low, high = paired[metric].low, paired[metric].high
    else:
        reach = NORMAL * hypot(one.error, other.error)
        low, high = (nan, nan) if isnan(reach) else (one.mean - other.mean - reach, one.mean - other.mean + reach)
    return Difference(*now.place, metric, other.mean, one.mean, low, high, metric in paired)


def _paired(row: Row, now_folder: Folder, before_folder: Folder) -> dict[str, Estimate]:
    now, before = now_folder.viewers(row.place), before_folder.viewers(row.place)
    if now is None or before is None or not np.array_equal(now.pop("viewer"), before.pop("viewer")):
        return {}
    names = [name for name in now if name in before and name not in WEIGHTED]
    changes = np.stack([now[name] - before[name] for name in names], axis=1).astype(np.float64)
    return dict(zip(names, estimates(changes), strict=True))


def _warnings(now: Evaluation, before: Evaluation) -> list[str]:
    said = []
    if now.dataset["digest"] != before.dataset["digest"]:
        said.append(f"the data differ: {now.dataset['name']} now, {before.dataset['name']} before")
    if now.made["sample"] != before.made["sample"]:
        said.append(f"viewers asked: {now.made['sample'] or 'all'} now, {before.made['sample'] or 'all'} before")
    abouts = {row.place: row.about for row in before.rows}
    changed = {row.recommender for row in now.rows if row.place in abouts and abouts[row.place] != row.about}
    if changed:
        said.append(f"other settings than before: {', '.join(sorted(changed))}")
    return said
