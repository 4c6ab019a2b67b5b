"""What a viewer's history says, as rows of the models in use: looked up once a request, read by every stage."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Rows, UserState
from reels.recommender.models import Models

TELLING = 0.05
"""A history entry whose value is this near to 0 says nothing either way."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Reels of the history that the models know, newest first; h parallel columns, cut in two by sign."""

    liked: Rows
    """int32[h+], rows of reels the viewer took to."""
    liked_value: Floats
    """float32[h+] in 0..1."""
    liked_kinds: NDArray[np.uint16]
    liked_watched: Floats
    disliked: Rows
    """int32[h-], rows of reels skipped or not wanted."""
    disliked_value: Floats
    """float32[h-] in 0..1: how strongly."""
    newest: Rows
    """int32[h], all rows of the history."""
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What several stages of a request want to know of it, found once. It follows from the rest."""

    @property
    def is_cold(self) -> bool:
        """Nothing is known that could be compared with a reel."""
        return not len(self.liked) and not len(self.disliked)


def evidence_of(state: UserState, models: Models) -> Evidence:
    """The history looked up in the models. Reels they don't know are left out."""
    rows = models.rows_of(state.history[::-1])
    known = rows >= 0
    rows, values = rows[known], state.history_value[::-1][known]
    likes, dislikes = values > TELLING, values < -TELLING
    return Evidence(
        liked=rows[likes],
        liked_value=values[likes],
        liked_kinds=state.history_kinds[::-1][known][likes],
        liked_watched=state.history_watched[::-1][known][likes],
        disliked=rows[dislikes],
        disliked_value=-values[dislikes],
        newest=rows,
    )
