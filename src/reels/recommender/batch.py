"""Answers for many viewers at once, through the same stages as GET /feed: no chance, nothing seen, nothing kept.

A page of GET /feed without exploration is the batch answer of the same viewer at the same moment; a test proves it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reels.core.keys import NO_KEYS, Keys, keys_of
from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows, UserState
from reels.recommender.candidates.generator import Found, Generator
from reels.recommender.models import Models
from reels.recommender.pipeline import Pipeline, complete, kept
from reels.recommender.stages import PageInputs, Viewer
from reels.recommender.viewer import viewer_of

NOTHING_ABOVE: Rows = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class BatchViewer:
    """A viewer as batch answers need one."""

    state: UserState
    seen: Keys = field(default_factory=lambda: NO_KEYS)


@dataclass(frozen=True, slots=True)
class Answer:
    """Reels for one viewer, best first, with the ranker's scores."""

    user_id: str
    reel_ids: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """The stages, and the models and policy they run with."""

    models: Models
    policy: Policy
    pipeline: Pipeline
    generator: Generator
    now: float

    def recommend(self, viewers: Iterable[BatchViewer], k: int) -> Iterator[Answer]:
        """The best k reels for each viewer."""
        policy = replace(self.policy, candidates=max(self.policy.candidates, 3 * k))
        for one in viewers:
            query, viewer = self._asked(one, k)
            found = self._candidates(query, viewer, policy)
            inputs = PageInputs(
                query, viewer, found.rows, found.found_by, self.generator.names, NOTHING_ABOVE, state_digest=""
            )
            _, computed = complete(inputs, self.models, policy, self.pipeline, self.generator, explain=False)
            items = computed.page.items
            yield Answer(one.state.user_id, tuple(i.reel_id for i in items), tuple(i.score for i in items))

    def score(self, one: BatchViewer, reel_ids: Sequence[str]) -> Floats:
        """float32[len(reel_ids)]: the ranker's score of each reel for this viewer; NaN = no such reel.

        Parts are normalised over the viewer's candidates and these reels together, so a score is about what GET /feed
        would show. Seen and blocked reels are scored like all others.
        """
        query, viewer = self._asked(one, 10)
        rows = self.models.rows_of(keys_of(reel_ids))
        asked = np.unique(rows[rows >= 0])
        found = self._candidates(query, viewer, self.policy).rows
        found = found[kept(query, viewer, self.models, self.pipeline.filters, found)]
        every = np.union1d(asked, found).astype(np.int32)
        board = self.pipeline.ranker.rank(query, viewer, self.models, self.policy, every)
        scores = np.full(len(rows), np.nan, np.float32)
        scores[rows >= 0] = board.total[np.searchsorted(every, rows[rows >= 0])]
        return scores

    def _asked(self, one: BatchViewer, limit: int) -> tuple[FeedQuery, Viewer]:
        query = FeedQuery(one.state.user_id, limit, self.now, 0, "", explore=False)
        return query, viewer_of(one.state, self.models, one.seen)

    def _candidates(self, query: FeedQuery, viewer: Viewer, policy: Policy) -> Found:
        built = self.generator.build(query, viewer, self.models, policy)
        return self.generator.at_request(built, query, viewer, self.models, policy)
