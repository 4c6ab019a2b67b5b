"""What every score keeps to. Inherit, and give `make`."""

import numpy as np
from tests.contracts.stage_inputs import fingerprint
from tests.contracts.viewers_and_models import models, state
from tests.recommender.viewers import query

from reels.core.policy import Policy
from reels.core.types import UserState
from reels.recommender.models import Models
from reels.recommender.stages import Score
from reels.recommender.viewer import viewer_of

__all__ = ["ScoreContract", "models", "state"]


class ScoreContract:
    is_boost = False

    def make(self) -> Score:
        raise NotImplementedError

    def test_scores_every_row_at_least_zero_or_has_no_opinion(self, models: Models, state: UserState) -> None:
        rows = np.arange(models.n, dtype=np.int32)
        raw = self.make().score(query(), viewer_of(state, models), models, Policy(), rows)
        assert raw.dtype == np.float32
        assert raw.shape == rows.shape
        told = raw[~np.isnan(raw)]
        assert np.isfinite(told).all()
        assert (told >= 0).all()
        if self.is_boost:
            assert (told <= 1).all()

    def test_scores_the_same_again_and_changes_nothing(self, models: Models, state: UserState) -> None:
        rows = np.arange(0, models.n, 3, dtype=np.int32)
        viewer = viewer_of(state, models)
        before = fingerprint(viewer, models, rows)
        first = self.make().score(query(), viewer, models, Policy(), rows)
        second = self.make().score(query(), viewer, models, Policy(), rows)
        assert first.tobytes() == second.tobytes()
        assert fingerprint(viewer, models, rows) == before

    def test_order_of_rows_does_not_matter(self, models: Models, state: UserState) -> None:
        rows = np.arange(models.n, dtype=np.int32)
        viewer = viewer_of(state, models)
        there = self.make().score(query(), viewer, models, Policy(), rows)
        back = self.make().score(query(), viewer, models, Policy(), rows[::-1].copy())
        assert np.array_equal(there, back[::-1], equal_nan=True)

    def test_no_rows_no_scores(self, models: Models, state: UserState) -> None:
        nothing = np.empty(0, np.int32)
        assert len(self.make().score(query(), viewer_of(state, models), models, Policy(), nothing)) == 0
