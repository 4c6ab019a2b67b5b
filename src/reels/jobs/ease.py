"""Fits the linear item-item model of a small catalogue. Reads `catalogue` and `interactions`, leaves `ease`."""

import asyncio
from typing import Any

from reels.core.progress import Progress
from reels.learning.ease import LAMBDA, MOST_REELS, ease, ease_arrays
from reels.learning.training_set import histories_digest, load_histories
from reels.learning.workbench import Workbench, digest

RESULT = "ease"


async def run(bench: Workbench, *, neighbours: int, half_life_sec: float, progress: Progress) -> dict[str, Any]:
    """Size of the table, or why there is none. NoSnapshot: run `gather` first."""
    progress.begin("linear model")
    return await asyncio.to_thread(_fit, bench, neighbours, half_life_sec)


def _fit(bench: Workbench, k: int, half_life_sec: float) -> dict[str, Any]:
    reels = len(bench.load("catalogue", ("keys",))["keys"])
    if not k or reels > MOST_REELS:
        bench.drop(RESULT)
        return {
            "left_out": f"{reels:,} reels, at most {MOST_REELS:,}" if k else "switched off (REELS_EASE_NEIGHBOURS=0)"
        }
    made_of = digest(histories_digest(bench), k, half_life_sec, LAMBDA)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    keys, histories = load_histories(bench, half_life_sec)
    table = ease(histories, k)
    bench.save(RESULT, made_of, ease_arrays(keys, table))
    return {"entries": len(table.indices)}
