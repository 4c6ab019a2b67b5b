"""The stages a request walks through, one verb each. A stage is one file in its folder and one line in `wiring`.

    source     find   which reels may be worth ranking             never scores for the page
    filter     keep   which of them must not be shown              never reorders
    score      score  one part of the formula, raw                 never drops
    selection  pick   what goes on the page, in order              never invents
    after      run    what happens once the page is answered       never delays it

Stages are synchronous and pure: models, viewer, time (`query.now`) and chance (`rng`) come in as arguments.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reels.core.keys import Keys
from reels.core.policy import Policy
from reels.core.types import FeedPage, FeedQuery, Floats, Mask, Rows, ScoreBoard, UserState
from reels.recommender.models import Models


class Source(Protocol):
    """A way of finding candidates. `name` is what `found_by` and `degraded` call it."""

    name: str

    def find(self, query: FeedQuery, user: UserState, models: Models, limit: int) -> Rows:
        """At most `limit` distinct active rows, best first; int32[k]. Empty when it has no opinion."""


class Filter(Protocol):
    """A reason not to show a reel."""

    name: str

    def keep(self, query: FeedQuery, viewer: "Viewer", models: Models, rows: Rows) -> Mask:
        """bool[n], False = must not be shown."""


class Score(Protocol):
    """One part of the formula (content, cf, popularity, exploration) or one boost (trending, new_creator)."""

    name: str

    def score(self, query: FeedQuery, user: UserState, models: Models, rows: Rows) -> Floats:
        """float32[n], raw, larger is better, >= 0; NaN = no opinion. The ranker normalises."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """All that is known of the viewer when a page is made."""

    state: UserState
    seen: Keys
    """Keys of every reel ever shown to or watched by the viewer, sorted, int64."""
    served: Keys
    """Keys on pages answered lately, whether or not they reached the screen, sorted, int64."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice of the selection: index into the ranked rows, drawn by chance or not, and how likely it was."""

    index: int
    explored: bool
    propensity: float


class Selection(Protocol):
    """Chooses the page."""

    def pick(
        self, query: FeedQuery, models: Models, policy: Policy, rows: Rows, board: ScoreBoard, rng: np.random.Generator
    ) -> list[Pick]:
        """At most `query.limit` picks, in order of showing."""


class AfterWork(Protocol):
    """Work done once the page is on its way."""

    name: str

    async def run(self, query: FeedQuery, page: FeedPage, inputs: bytes) -> None: ...
