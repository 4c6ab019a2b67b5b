"""Counts fading likes and finds the stage of each reel. Reads `catalogue` and `interactions`, leaves `recent`."""

import asyncio
from typing import Any

from reels.core.progress import Progress
from reels.learning.recency import HALF_LIVES_DAYS, recent_arrays
from reels.learning.training_set import load_catalogue, load_histories, load_interactions
from reels.learning.workbench import Workbench, digest

RESULT = "recent"


async def run(bench: Workbench, *, half_life_sec: float, progress: Progress) -> dict[str, Any]:
    """How many reels were liked at all. NoSnapshot: run `gather` first."""
    progress.begin("what is liked lately")
    return await asyncio.to_thread(_fit, bench, half_life_sec)


def _fit(bench: Workbench, half_life_sec: float) -> dict[str, Any]:
    made_of = digest(bench.digest_of("interactions"), bench.digest_of("catalogue"), half_life_sec, HALF_LIVES_DAYS)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    _, now = load_catalogue(bench)
    keys, histories = load_histories(bench, half_life_sec)
    found = recent_arrays(load_interactions(bench), histories, keys, now=now)
    bench.save(RESULT, made_of, found)
    return {"liked": int((found["counts"][-1] > 0).sum())}
