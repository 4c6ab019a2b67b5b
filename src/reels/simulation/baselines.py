"""Feeds to compare with: what the same viewer would have seen elsewhere. Rows of the truth, best first."""

import numpy as np
from numpy.typing import NDArray

from reels.simulation.languages import languages
from reels.simulation.truth import Truth
from reels.simulation.viewers import Viewer

Ints = NDArray[np.int64]


def popular(truth: Truth) -> Ints:
    """The most popular reels first, the same for everybody."""
    return np.argsort(-truth.popularity, kind="stable")


def popular_in_language(truth: Truth, viewer: Viewer) -> Ints:
    """The most popular reels in the viewer's language, then all others."""
    own = truth.language == [one.code for one in languages()].index(viewer.language)
    return np.lexsort((-truth.popularity, ~own))


def best_possible(truth: Truth, viewer: Viewer) -> Ints:
    """What somebody who knew the viewer's taste would show: the ceiling of every feed."""
    return np.argsort(-truth.affinity(viewer), kind="stable")
