"""Counts what pages are made of, once they are on their way (an `AfterWork`)."""

from collections import Counter

import numpy as np

from reels.api.metrics import Metrics
from reels.core.types import CandidateSet
from reels.recommender.stages import Done


class PageMetrics:
    """Explored share, sources, degradations, stage times and candidates of each page."""

    name = "metrics"

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def run(self, done: Done) -> None:
        """Count one page."""
        page = done.page
        sources = Counter(source for item in page.items for source in item.sources)
        self._metrics.page([item.explored for item in page.items], sources, page.degraded, page.timings_ms)
        if done.cached is not None:
            hit = done.cached.built_at < done.query.now
            self._metrics.candidates_kept(hit=hit)
            if not hit:
                self._metrics.candidates(_found(done.cached))


def _found(built: CandidateSet) -> dict[str, int]:
    """How many candidates each source found."""
    return {
        source: int(np.count_nonzero(built.found_by & np.uint32(1 << place)))
        for place, source in enumerate(built.sources)
    }
