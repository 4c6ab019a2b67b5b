"""Builds the next candidate set before the old one is too old or used up, so that no request waits for it."""

from collections.abc import Awaitable, Callable

import numpy as np

from reels.recommender.membership import in_sorted
from reels.recommender.stages import Done

STALE = 0.7
"""Share of its life after which a set is replaced."""
USED = 0.6
"""Share of its reels shown after which a set is replaced."""


class RefreshCandidates:
    """`rebuild(done)` makes and keeps a new set (`feed` gives it: it owns the building)."""

    name = "refresh_candidates"

    def __init__(self, rebuild: Callable[[Done], Awaitable[None]], ttl_sec: float) -> None:
        self._rebuild, self._ttl_sec = rebuild, ttl_sec

    async def run(self, done: Done) -> None:
        """Replace the set if it is due."""
        if done.cached is not None and self._due(done):
            await self._rebuild(done)

    def _due(self, done: Done) -> bool:
        cached = done.cached
        if cached is None or not len(cached.keys):
            return False
        if done.query.now - cached.built_at > STALE * self._ttl_sec:
            return True
        viewer, shown = done.inputs.viewer, np.sort(done.models.keys[[item.row for item in done.page.items]])
        used = in_sorted(cached.keys, viewer.seen) | in_sorted(cached.keys, viewer.served)
        return bool((used | in_sorted(cached.keys, shown)).mean() > USED)
