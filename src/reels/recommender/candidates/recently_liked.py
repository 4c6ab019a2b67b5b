"""What is liked now, by anybody: what a feed of the hour would show."""

from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class RecentlyLiked:
    """By likes that fade within hours and by likes that fade within days, in turns (`learning.orders`).

    On KuaiRand it finds as much as EASE does; nothing where the snapshot does not know when reels were liked.
    """

    name = "recently_liked"

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        rows = models.current[models.orders.recent[: 2 * limit]]
        found: Rows = rows[models.active[rows]][:limit]
        return found
