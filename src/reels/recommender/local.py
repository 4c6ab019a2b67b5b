"""What is popular where the viewer is."""

from reels.core.types import Floats, Rows, UserState
from reels.learning.popularity import ELSEWHERE, NOWHERE
from reels.recommender.models import Models
from reels.recommender.ranker.loops import mean_popularity


def local_popularity(models: Models, state: UserState, rows: Rows) -> Floats:
    """float32[n] in 0..1: mean of the popularity overall, in the viewer's region and language, as far as known."""
    snapshot, manifest = models.snapshot, models.snapshot.manifest
    return mean_popularity(
        models.popularity,
        snapshot.popularity,
        (snapshot.regions, snapshot.languages),
        (snapshot.region_best, snapshot.language_best),
        (
            manifest.regions.index(state.region) if state.region in manifest.regions else -1,
            manifest.languages.index(state.language) if state.language in manifest.languages else -1,
        ),
        (NOWHERE, ELSEWHERE),
        models.origin,
        rows,
    )
