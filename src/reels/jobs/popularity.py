"""Counts and rates of each reel. Reads `catalogue` and `interactions`, leaves `popularity`."""

import asyncio
from typing import Any

from reels.core.progress import Progress
from reels.learning.popularity import count, popularity, popularity_arrays
from reels.learning.training_set import load_catalogue, load_interactions
from reels.learning.workbench import Workbench, digest

RESULT = "popularity"


async def run(bench: Workbench, *, half_life_sec: float, progress: Progress) -> dict[str, Any]:
    """How many reels were counted. NoSnapshot: run `gather` first."""
    progress.begin("popularity")
    return await asyncio.to_thread(_fit, bench, half_life_sec)


def _fit(bench: Workbench, half_life_sec: float) -> dict[str, Any]:
    made_of = digest(bench.digest_of("interactions"), bench.digest_of("catalogue"), half_life_sec, "popularity 2")
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    catalogue, now = load_catalogue(bench)
    counts = count(load_interactions(bench), catalogue.keys, catalogue.published, now=now, half_life_sec=half_life_sec)
    overall = popularity(catalogue, counts, now=now, half_life_sec=half_life_sec)
    bench.save(RESULT, made_of, popularity_arrays(catalogue, counts, overall))
    return {"reels": len(overall), "shown": int((counts.shown > 0).sum())}
