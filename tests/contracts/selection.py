"""What every selection keeps to. Inherit, and give `make`."""

import numpy as np
import pytest
from tests.contracts.stage_inputs import fingerprint
from tests.contracts.viewers_and_models import models
from tests.recommender.viewers import query

from reels.core.policy import Policy
from reels.core.types import Rows, ScoreBoard
from reels.recommender.models import Models
from reels.recommender.stages import Pick, Selection

__all__ = ["SelectionContract", "board_of", "models"]
NONE_ABOVE = np.empty(0, np.int32)


def board_of(rows: Rows, seed: int = 0) -> ScoreBoard:
    total = np.random.default_rng(seed).random(len(rows)).astype(np.float32)
    return ScoreBoard({}, {}, total)


class SelectionContract:
    def make(self) -> Selection:
        raise NotImplementedError

    def pick(self, models: Models, rows: Rows, limit: int = 10, seed: int = 1, *, explore: bool = True) -> list[Pick]:
        asked = query(limit=limit, explore=explore)
        rng = np.random.default_rng(seed)
        return self.make().pick(asked, models, Policy(), rows, board_of(rows), NONE_ABOVE, rng)

    @pytest.mark.parametrize("limit", [1, 10, 50])
    def test_picks_distinct_places_within_the_limit(self, models: Models, limit: int) -> None:
        rows = np.flatnonzero(models.active).astype(np.int32)
        picks = [pick.index for pick in self.pick(models, rows, limit)]
        assert len(picks) <= limit
        assert len(set(picks)) == len(picks)
        assert all(0 <= index < len(rows) for index in picks)
        assert picks or not len(rows)

    def test_propensities_are_probabilities(self, models: Models) -> None:
        rows = np.flatnonzero(models.active).astype(np.int32)
        assert all(0 < pick.propensity <= 1 + 1e-12 for pick in self.pick(models, rows))

    def test_without_exploration_nothing_is_left_to_chance(self, models: Models) -> None:
        rows = np.flatnonzero(models.active).astype(np.int32)
        picks = self.pick(models, rows, explore=False)
        assert all(pick.propensity == 1 and not pick.explored for pick in picks)
        assert picks == self.pick(models, rows, seed=99, explore=False)

    def test_the_same_seed_gives_the_same_page_and_changes_nothing(self, models: Models) -> None:
        rows = np.flatnonzero(models.active).astype(np.int32)
        before = fingerprint(models, rows)
        assert self.pick(models, rows) == self.pick(models, rows)
        assert fingerprint(models, rows) == before

    def test_nothing_to_pick_from(self, models: Models) -> None:
        assert self.pick(models, NONE_ABOVE) == []
