"""Fits both item-item tables. Reads `catalogue` and `interactions`, leaves `cf_matrix`."""

import asyncio
from typing import Any

from reels.core.progress import Progress
from reels.learning.cf_matrix import DirectionalConfig, SymmetricConfig, cf_arrays, directional, symmetric
from reels.learning.training_set import histories_digest, load_histories
from reels.learning.workbench import Workbench, digest

RESULT = "cf_matrix"


async def run(
    bench: Workbench, *, neighbours: int, half_life_sec: float, threads: int, progress: Progress
) -> dict[str, Any]:
    """Sizes of the tables. NoSnapshot: run `gather` first."""
    progress.begin("item-item tables", 2)
    return await asyncio.to_thread(_fit, bench, neighbours, half_life_sec, threads, progress)


def _fit(bench: Workbench, k: int, half_life_sec: float, threads: int, progress: Progress) -> dict[str, Any]:
    settings = (SymmetricConfig(), DirectionalConfig(), k, half_life_sec)
    made_of = digest(histories_digest(bench), settings)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    keys, histories = load_histories(bench, half_life_sec)
    together = symmetric(histories, k, threads=threads)
    progress.advance()
    after = directional(histories, k, threads=threads)
    progress.advance()
    bench.save(RESULT, made_of, cf_arrays(keys, together, after))
    return {"pairs": len(histories.rows), "together": len(together.indices), "next": len(after.indices)}
