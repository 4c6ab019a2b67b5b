"""A viewer as the stages see one."""

import numpy as np

from reels.core.keys import NO_KEYS, Keys
from reels.core.types import UserState
from reels.recommender.evidence import evidence_of
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


def viewer_of(state: UserState, models: Models, seen: Keys = NO_KEYS, served: Keys = NO_KEYS) -> Viewer:
    """State, seen and served (any order, duplicates harmless) looked up in the models."""
    return Viewer(state, np.unique(seen), np.unique(served), evidence_of(state, models))
