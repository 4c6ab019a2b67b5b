"""What every filter keeps to. Inherit, and give `make`."""

import numpy as np
from tests.contracts.stage_inputs import fingerprint
from tests.contracts.viewers_and_models import models, state
from tests.recommender.viewers import query

from reels.core.types import UserState
from reels.recommender.models import Models
from reels.recommender.stages import Filter
from reels.recommender.viewer import viewer_of

__all__ = ["FilterContract", "models", "state"]


class FilterContract:
    def make(self) -> Filter:
        raise NotImplementedError

    def test_says_yes_or_no_to_each_row_whatever_its_neighbours(self, models: Models, state: UserState) -> None:
        viewer = viewer_of(state, models, models.keys[::7], models.keys[3::11])
        rows = np.arange(models.n, dtype=np.int32)
        keep = self.make().keep(query(), viewer, models, rows)
        assert keep.dtype == np.bool_
        assert keep.shape == rows.shape
        backwards = self.make().keep(query(), viewer, models, rows[::-1])
        assert backwards[::-1].tolist() == keep.tolist()
        for row in rows[::37]:
            assert self.make().keep(query(), viewer, models, rows[row : row + 1])[0] == keep[row]

    def test_no_rows_no_answer(self, models: Models, state: UserState) -> None:
        viewer = viewer_of(state, models)
        assert len(self.make().keep(query(), viewer, models, np.empty(0, np.int32))) == 0

    def test_changes_nothing(self, models: Models, state: UserState) -> None:
        viewer = viewer_of(state, models, models.keys[::7])
        rows = np.arange(models.n, dtype=np.int32)
        before = fingerprint(viewer, models, rows)
        self.make().keep(query(), viewer, models, rows)
        assert fingerprint(viewer, models, rows) == before
