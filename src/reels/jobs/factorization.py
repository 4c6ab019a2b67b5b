"""Fits the matrix factorization. Reads `catalogue` and `interactions`, leaves `factorization`."""

import asyncio
from typing import Any

from reels.core.progress import Progress
from reels.learning.factorization import FactorizationConfig, factor_arrays, factorize
from reels.learning.training_set import histories_digest, load_histories
from reels.learning.workbench import Workbench, digest

RESULT = "factorization"


async def run(
    bench: Workbench, config: FactorizationConfig, *, half_life_sec: float, threads: int, progress: Progress
) -> dict[str, Any]:
    """How many reels have factors. NoSnapshot: run `gather` first."""
    progress.begin("factorization")
    return await asyncio.to_thread(_fit, bench, config, half_life_sec, threads)


def _fit(bench: Workbench, config: FactorizationConfig, half_life_sec: float, threads: int) -> dict[str, Any]:
    made_of = digest(histories_digest(bench), config, half_life_sec)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    keys, histories = load_histories(bench, half_life_sec)
    fitted = factorize(histories, config, threads=threads)
    bench.save(RESULT, made_of, factor_arrays(keys, fitted))
    return {"factors": config.factors, "with_factors": int(fitted.factors.any(axis=1).sum())}
