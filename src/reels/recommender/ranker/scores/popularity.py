"""The popularity part: where the viewer lives and in the viewer's language where known, else overall."""

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.local import local_popularity
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Popularity:
    """Mean of the popularity overall, in the viewer's region and in the viewer's language, as far as known."""

    name = "popularity"

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        return local_popularity(models, viewer.state, rows)
