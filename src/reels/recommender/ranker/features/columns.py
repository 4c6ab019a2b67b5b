"""What a feature is. A family computes some columns together; `standard.FAMILIES` are all of them.

To add a feature: a `Column` in its family and its values in `fill`; or a family of one's own, with its line in
`standard.FAMILIES`. A trained ranker names the columns it was trained with, so it goes on working when others come.
"""

from dataclasses import dataclass
from typing import Protocol

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer

PARTS = ("content", "cf", "sequence", "popularity", "exploration", "context")
"""What a column may speak for: what a reel owes to it is shown as this part's contribution."""


@dataclass(frozen=True, slots=True)
class Column:
    """One number about a candidate."""

    name: str
    part: str
    """One of `PARTS`."""
    about: str
    relative: bool = False
    """Whether it is given again relative to the request's other candidates: share of the largest, place in order."""


@dataclass(frozen=True, slots=True)
class Moment:
    """All that features are computed from: one viewer, now, and n candidates."""

    query: FeedQuery
    viewer: Viewer
    models: Models
    policy: Policy
    rows: Rows
    origin: Rows
    """int32[n]: snapshot row whose learnt tables speak for each candidate, -1 = none."""
    parts: dict[str, Floats]
    """The parts of the documented formula, raw: float32[n] each, NaN = no opinion."""


class Family(Protocol):
    """Columns that are computed together."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """What it computes."""

    def fill(self, moment: Moment, out: Floats) -> None:
        """Writes float32[n, len(columns)]; `out` comes filled with NaN, which means "not known"."""
