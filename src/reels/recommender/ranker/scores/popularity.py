"""The popularity part: where the viewer lives and in the viewer's language where known, else overall."""

import numpy as np

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Popularity:
    """Mean of the popularity overall, in the viewer's region and in the viewer's language, as far as known."""

    name = "popularity"

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        snapshot, state = models.snapshot, viewer.state
        voices = [models.popularity[rows]]
        if state.region in snapshot.manifest.regions:
            place = snapshot.manifest.regions.index(state.region)
            voices.append(models.popularity_in(snapshot.popularity_by_region, place, rows))
        if state.language in snapshot.manifest.languages:
            place = snapshot.manifest.languages.index(state.language)
            voices.append(models.popularity_in(snapshot.popularity_by_language, place, rows))
        total = voices[0].astype(np.float32)
        for voice in voices[1:]:
            total = total + voice
        return np.asarray(total / np.float32(len(voices)), np.float32)
