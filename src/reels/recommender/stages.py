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
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.policy import Policy
from reels.core.types import CandidateSet, FeedPage, FeedQuery, Floats, Mask, Rows, ScoreBoard, UserState
from reels.recommender.evidence import Evidence
from reels.recommender.models import Models


@dataclass(frozen=True, slots=True)
class Viewer:
    """All that is known of the viewer when a page is made. Made by `evidence.viewer_of`."""

    state: UserState
    seen: Keys
    """Keys of every reel ever shown to or watched by the viewer, sorted, int64."""
    served: Keys
    """Keys on pages answered lately, whether or not they reached the screen, sorted, int64."""
    evidence: Evidence
    """The history as rows of the models in use."""


class Source(Protocol):
    """A way of finding candidates. `name` is what `found_by` and `degraded` call it."""

    name: str

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        """At most `limit` distinct active rows, best first; int32[k]. Empty when it has no opinion.

        What the viewer has seen need not be left out: the generator does that, and asks for more than it needs.
        """


class Filter(Protocol):
    """A reason not to show a reel."""

    name: str

    def keep(self, query: FeedQuery, viewer: Viewer, models: Models, rows: Rows) -> Mask:
        """bool[n], False = must not be shown."""


class Score(Protocol):
    """One part of the formula (content, cf, popularity, exploration) or one boost (trending, new_creator)."""

    name: str

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        """float32[n], raw, larger is better, >= 0; NaN = no opinion. The ranker normalises parts; boosts are 0..1."""


class Ranker(Protocol):
    """From candidates to scores."""

    def rank(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> ScoreBoard:
        """All parts and boosts of the rows and their total; float32[n] each."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice of the selection: index into the ranked rows, drawn by chance or not, and how likely it was."""

    index: int
    explored: bool
    propensity: float


class Selection(Protocol):
    """Chooses the page."""

    def pick(
        self,
        query: FeedQuery,
        models: Models,
        policy: Policy,
        rows: Rows,
        board: ScoreBoard,
        above: Rows,
        rng: np.random.Generator,
    ) -> list[Pick]:
        """At most `query.limit` picks, in order of showing. `above`: the rows shown just before, in order."""


@dataclass(frozen=True, slots=True)
class PageInputs:
    """Everything a page is computed from, besides models and policy. `replay` packs it."""

    query: FeedQuery
    viewer: Viewer
    candidates: Rows
    """int32[n], distinct rows in the order found; hidden ones may be among them."""
    found_by: NDArray[np.uint32]
    """uint32[n]: bit i = source i of `sources`."""
    sources: tuple[str, ...]
    above: Rows
    """Rows shown just before this page, in order; at most 9 of them matter."""
    degraded: tuple[str, ...] = ()
    state_digest: str = ""


class AfterWork(Protocol):
    """Work done once the page is on its way."""

    name: str

    async def run(self, done: "Done") -> None: ...


@dataclass(frozen=True, slots=True)
class Done:
    """A page that has been answered, with what it was made from."""

    query: FeedQuery
    page: FeedPage
    inputs: PageInputs
    models: Models
    cached: CandidateSet | None = None
    """The candidate set it came from, when that is one to be kept."""
