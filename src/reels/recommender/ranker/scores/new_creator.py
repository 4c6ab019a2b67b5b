"""The new-creator boost."""

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Floats, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer
from reels.recommender.trials import under_trial


class NewCreator:
    """What is left of a new creator's fair trial, 1 = not shown yet, 0 = tried."""

    name = "new_creator"

    def score(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, rows: Rows) -> Floats:
        return under_trial(models, policy, rows, query.now)
