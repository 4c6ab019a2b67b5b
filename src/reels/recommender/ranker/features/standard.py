"""All features, in order: each family's columns, then those that are given relative to the other candidates."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats
from reels.recommender.ranker.features.collaborative import AlsoWatched, Ease, Factors, WatchedNext
from reels.recommender.ranker.features.columns import Column, Family, Moment
from reels.recommender.ranker.features.content import Likeness, Words
from reels.recommender.ranker.features.context import Affinity, Reel, Time
from reels.recommender.ranker.features.newcomers import Newcomers
from reels.recommender.ranker.features.popularity import Popularity, Recent
from reels.recommender.ranker.features.sequence import Sequence
from reels.recommender.ranker.features.shallow import Shallow
from reels.recommender.ranker.features.sums import relative_to_others

FAMILIES: tuple[Family, ...] = (
    Likeness(),
    Words(),
    WatchedNext(),
    AlsoWatched(),
    Factors(),
    Ease(),
    Sequence(),
    Shallow(),
    Newcomers(),
    Popularity(),
    Recent(),
    Reel(),
    Affinity(),
    Time(),
)
_OWN: tuple[Column, ...] = tuple(column for family in FAMILIES for column in family.columns)
_RELATIVE: NDArray[np.int64] = np.array([i for i, one in enumerate(_OWN) if one.relative], np.int64)


def _derived(column: Column) -> tuple[Column, Column]:
    return (
        Column(f"{column.name}/max", column.part, f"{column.name}, as a share of the request's largest"),
        Column(f"{column.name}/place", column.part, f"place of {column.name} among the candidates, best 0, last 1"),
    )


COLUMNS: tuple[Column, ...] = (*_OWN, *(one for at in _RELATIVE.tolist() for one in _derived(_OWN[at])))
NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)


def features(moment: Moment) -> Floats:
    """float32[n, len(COLUMNS)] of the candidates, NaN = not known. Pure: the same moment, the same bits."""
    out = np.full((len(moment.rows), len(COLUMNS)), np.nan, np.float32)
    at = 0
    for family in FAMILIES:
        family.fill(moment, out[:, at : at + len(family.columns)])
        at += len(family.columns)
    if len(moment.rows):
        relative_to_others(out, _RELATIVE, out[:, at:])
    return out


def described() -> list[dict[str, Any]]:
    """Name, part and meaning of every column, for the docs."""
    return [{"name": one.name, "part": one.part, "about": one.about} for one in COLUMNS]
