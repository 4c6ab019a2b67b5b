"""Counts what pages are made of, once they are on their way (an `AfterWork`)."""

from collections import Counter

from reels.api.metrics import Metrics
from reels.recommender.stages import Done


class PageMetrics:
    """Explored share, sources, degradations and stage times of each page."""

    name = "metrics"

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def run(self, done: Done) -> None:
        """Count one page."""
        page = done.page
        sources = Counter(source for item in page.items for source in item.sources)
        self._metrics.page([item.explored for item in page.items], sources, page.degraded, page.timings_ms)
