"""The documented formula and the learned ranker, through the project's own pipeline, without exploration.

    Final = 0.5 content + 0.3 CF + 0.1 popularity + 0.1 exploration

What is measured is what is served: `PAGE` places as the selection fills them (diversity, caps), which are those of
`recommender.batch`, as a test proves, and behind them the other candidates by score. Reels that are no candidates are
never found, as in the feed.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from reels.core.policy import LEARNED, Policy
from reels.core.types import FeedQuery, Floats, Mask, Rows, UserState
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context
from reels.evaluation.snapshots import SnapshotConfig, snapshot_of, states_of, with_ranker
from reels.learning.ranker import RankerConfig
from reels.learning.snapshot import Snapshot
from reels.recommender.batch import NOTHING_ABOVE, Batch, BatchViewer
from reels.recommender.candidates.generator import Generator
from reels.recommender.models import Models, build
from reels.recommender.pipeline import Pipeline, kept
from reels.recommender.ranker.features.standard import NAMES
from reels.recommender.stages import Viewer
from reels.recommender.standard import generators, pipelines
from reels.recommender.viewer import viewer_of

PAGE = 20
_MODE = "for_you"
VIEWERS = 10_000
"""Viewers the learned ranker learns from."""


@dataclass(frozen=True, slots=True)
class Served:
    """The feed of one policy without exploration, from a snapshot fitted on the training part."""

    snapshot: Snapshot
    policy: Policy
    context: Context
    generator: Generator = field(default_factory=lambda: generators()[_MODE])
    pipeline: Pipeline = field(default_factory=lambda: pipelines()[_MODE])

    def rank(self, viewers: Log, k: int, allowed: Mask) -> Rows:
        """As `Ranking`."""
        models = build(replace(self.snapshot, active=np.asarray(self.snapshot.active) & allowed))
        out = np.full((len(viewers.viewers), k), -1, np.int32)
        for i, (state, seen) in enumerate(self._known(viewers)):
            rows = self.page(viewer_of(state, models, self.context.catalogue.keys[seen]), models, k)
            out[i, : len(rows)] = rows
        return out

    def page(self, viewer: Viewer, models: Models, k: int) -> Rows:
        """At most k reels: a page as it is answered, then what did not get onto it, best first."""
        query, policy = self._query(viewer.state), self.policy
        cached = self.generator.build(query, viewer, models, policy)
        rows = self.generator.at_request(cached, query, viewer, models, policy).rows
        rows = rows[kept(query, viewer, models, self.pipeline.filters, rows)]
        board = self.pipeline.ranker.rank(query, viewer, models, policy, rows)
        rng = np.random.default_rng(query.seed)
        picks = self.pipeline.selection.pick(query, models, policy, rows, board, NOTHING_ABOVE, rng)
        chosen = np.array([pick.index for pick in picks], np.int64)
        others = np.setdiff1d(np.arange(len(rows)), chosen)
        others = others[np.argsort(-board.total[others], kind="stable")]
        return np.asarray(rows[np.concatenate([chosen, others])][:k], np.int32)

    def pair_scores(self, viewers: Log, exposures: Log) -> Floats:
        """As `PairScoring`: what `reels score` says of each reel that was really shown."""
        models, ids = build(self.snapshot), self.context.catalogue.reels
        batch = Batch(models, self.policy, self.pipeline, self.generator, self.context.now)
        out = np.full(len(exposures), np.nan, np.float32)
        for i, (state, seen) in enumerate(self._known(viewers)):
            span = slice(exposures.indptr[i], exposures.indptr[i + 1])
            shown = [ids[row].reel_id for row in exposures.reels[span].tolist()]
            if shown:
                out[span] = batch.score(BatchViewer(state, self.context.catalogue.keys[seen]), shown)
        return out

    def _known(self, viewers: Log) -> list[tuple[UserState, Rows]]:
        bounds = zip(viewers.indptr[:-1].tolist(), viewers.indptr[1:].tolist(), strict=True)
        states = states_of(viewers, self.context)
        return [(state, viewers.reels[a:b]) for state, (a, b) in zip(states, bounds, strict=True)]

    def _query(self, state: UserState) -> FeedQuery:
        return FeedQuery(state.user_id, PAGE, self.context.now, self.context.seed, "", explore=False)


class Learned:
    """The learned ranker through the same pipeline, trained on the training part alone."""

    def __init__(self, name: str, policy: Policy = LEARNED, *, torch: bool = True, more: str = "") -> None:
        self.name, self.policy = name, policy
        self.config = SnapshotConfig() if torch else SnapshotConfig(sequence_epochs=0)
        self.ranker = RankerConfig(viewers=VIEWERS)
        self.about = (
            f"LambdaMART of {self.ranker.rounds} trees on {len(NAMES)} features, learnt from requests of at most "
            f"{VIEWERS:,} viewers, over {policy.candidates} candidates of all sources"
            + ("" if torch else " but the sequence model")
            + more
        )

    def fit(self, train: Log, context: Context) -> Served:
        """All offline jobs, and those the ranker learns on once more without its answers."""
        return Served(with_ranker(train, context, self.config, self.ranker), self.policy, context)


class Documented:
    """The project's formula with the documented weights."""

    name = "documented formula"
    about = (
        "0.5 content + 0.3 CF + 0.1 popularity + 0.1 exploration over 300 candidates, max-normalised per request; "
        f"first {PAGE} places as a page without exploration, then by score"
    )

    def __init__(self, policy: Policy | None = None, config: SnapshotConfig | None = None) -> None:
        self.policy, self.config = policy or Policy(), config

    def fit(self, train: Log, context: Context) -> Served:
        """All offline jobs."""
        return Served(snapshot_of(train, context, self.config), self.policy, context)
