"""What is popular where the viewer is."""

import numpy as np

from reels.core.types import Floats, Rows, UserState
from reels.recommender.models import Models


def local_popularity(models: Models, state: UserState, rows: Rows) -> Floats:
    """float32[n] in 0..1: mean of the popularity overall, in the viewer's region and language, as far as known."""
    snapshot = models.snapshot
    voices = [models.popularity[rows]]
    if state.region in snapshot.manifest.regions:
        place = snapshot.manifest.regions.index(state.region)
        voices.append(models.popularity_in_region(place, rows))
    if state.language in snapshot.manifest.languages:
        place = snapshot.manifest.languages.index(state.language)
        voices.append(models.popularity_in_language(place, rows))
    total = voices[0].astype(np.float32)
    for voice in voices[1:]:
        total = total + voice
    return np.asarray(total / np.float32(len(voices)), np.float32)
