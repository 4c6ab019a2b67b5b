"""Never the same reel twice: neither what was seen, for ever, nor what was served lately."""

from reels.core.types import FeedQuery, Mask, Rows
from reels.recommender.membership import in_either
from reels.recommender.models import Models
from reels.recommender.stages import Viewer


class Seen:
    """Drops reels the viewer has any event with, and reels on pages answered in the last hours."""

    name = "seen"

    def keep(self, query: FeedQuery, viewer: Viewer, models: Models, rows: Rows) -> Mask:
        return ~in_either(models.keys, rows, viewer.seen, viewer.served)
