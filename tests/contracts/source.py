"""What every candidate source keeps to. Inherit, and give `make`."""

import numpy as np
import pytest
from tests.contracts.stage_inputs import fingerprint
from tests.contracts.viewers_and_models import models, state
from tests.recommender.viewers import query

from reels.core.policy import Policy
from reels.core.types import UserState
from reels.recommender.models import Models
from reels.recommender.stages import Source
from reels.recommender.viewer import viewer_of

__all__ = ["SourceContract", "models", "state"]


class SourceContract:
    def make(self) -> Source:
        raise NotImplementedError

    @pytest.mark.parametrize("limit", [0, 1, 7, 100, 5000])
    def test_finds_distinct_active_rows_within_the_limit(self, models: Models, state: UserState, limit: int) -> None:
        viewer, policy = viewer_of(state, models), Policy()
        rows = self.make().find(query(), viewer, models, policy, limit)
        assert rows.dtype == np.int32
        assert len(rows) <= limit
        assert len(np.unique(rows)) == len(rows)
        assert ((rows >= 0) & (rows < models.n)).all()
        assert models.active[rows].all()

    def test_finds_the_same_again_and_changes_nothing(self, models: Models, state: UserState) -> None:
        viewer = viewer_of(state, models)
        before = fingerprint(viewer, models)
        first = self.make().find(query(), viewer, models, Policy(), 50)
        second = self.make().find(query(), viewer, models, Policy(), 50)
        assert first.tolist() == second.tolist()
        assert fingerprint(viewer, models) == before

    def test_a_smaller_limit_keeps_the_best(self, models: Models, state: UserState) -> None:
        viewer = viewer_of(state, models)
        many = self.make().find(query(), viewer, models, Policy(), 40)
        few = self.make().find(query(), viewer, models, Policy(), 4)
        assert set(few.tolist()) <= set(many.tolist())
