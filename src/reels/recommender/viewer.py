"""A viewer as the stages see one."""

from dataclasses import replace

import numpy as np

from reels.core.keys import NO_KEYS, Keys
from reels.core.types import UserState
from reels.learning.watch_value import watch_table_of
from reels.recommender.evidence import evidence_of
from reels.recommender.membership import ascending
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


def viewer_of(state: UserState, models: Models, seen: Keys = NO_KEYS, served: Keys = NO_KEYS) -> Viewer:
    """State, seen and served (any order, duplicates harmless) looked up in the models; values as the snapshot has them.

    The same state and models give the same viewer, and a viewer's state made a viewer again is the same one.
    """
    state = _valued(state, models)
    return Viewer(state, ascending(seen), ascending(served), evidence_of(state, models))


def _valued(state: UserState, models: Models) -> UserState:
    """What was only watched is worth what it was to the fits of the snapshot (`learning.watch_value`)."""
    table = watch_table_of(models.snapshot)
    if table is None or not len(state.history):
        return state
    rows = models.rows_of(state.history)
    durations = np.where(rows >= 0, models.durations.take(np.maximum(rows, 0)), np.float32(np.nan))
    return replace(state, history_value=table.values(state.history_value, state.history_watched, durations))
