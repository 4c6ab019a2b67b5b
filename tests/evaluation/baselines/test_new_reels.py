"""New reels by what they promise: those of the viewer's group first, and no opinion of any other."""

import numpy as np
from tests.evaluation.tiny import clusters, context

from reels.evaluation.baselines.new_reels import NewReels
from reels.evaluation.snapshots import SnapshotConfig

SMALL = SnapshotConfig(
    embedder="hash", content_dim=16, factors=8, sequence_epochs=0, shallow_epochs=0, ease_neighbours=0
)


def test_reels_nobody_took_to_are_ordered_by_group_and_of_others_there_is_no_opinion() -> None:
    reels, made = clusters()
    new = np.zeros(reels.n, np.bool_)
    new[reels.rows_of([str(i) for i in range(1, 13)])] = True  # two of each of the six groups
    train = made.where(~new[made.reels])
    train = train.at_positions(np.flatnonzero(train.lengths))
    scores = np.asarray(NewReels(SMALL).fit(train, context(reels, now=float(made.at.max()))).scores(train))
    assert np.isfinite(scores[:, new]).all()
    met = np.bincount(train.reels, minlength=reels.n) > 0
    assert np.isnan(scores[:, met]).all()
    own = reels.creators[train.reels[train.indptr[:-1]]]
    best = np.argsort(-np.where(new, scores, -np.inf), axis=1)[:, :2]
    assert (reels.creators[best] == own[:, None]).mean() > 0.95
