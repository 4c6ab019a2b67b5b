"""Fits the shallow sequence model. Reads `catalogue`, `interactions`, `content`, leaves `shallow`."""

import asyncio
from typing import Any

import numpy as np

from reels.core.progress import Progress
from reels.learning.assembly import carried_rows
from reels.learning.shallow import MOST_REELS, ShallowConfig, fit_shallow
from reels.learning.training_set import histories_digest, load_histories
from reels.learning.workbench import Workbench, digest

RESULT = "shallow"


async def run(
    bench: Workbench, config: ShallowConfig, *, half_life_sec: float, threads: int, progress: Progress
) -> dict[str, Any]:
    """How many reels the model has met, or why it was left out. NoSnapshot: run `gather` and `embeddings` first.

    With 0 epochs, and for more than `MOST_REELS`, there is no result, and the next snapshot has no such model.
    """
    progress.begin("shallow sequence model")
    if why := _left_out(config, len(bench.load("catalogue", ("keys",))["keys"])):
        await asyncio.to_thread(bench.drop, RESULT)
        return {"left_out": why}
    return await asyncio.to_thread(_fit, bench, config, half_life_sec, threads)


def _left_out(config: ShallowConfig, reels: int) -> str:
    if config.epochs <= 0:
        return "switched off (REELS_SHALLOW_EPOCHS=0)"
    return f"{reels:,} reels, at most {MOST_REELS:,}" if reels > MOST_REELS else ""


def _fit(bench: Workbench, config: ShallowConfig, half_life_sec: float, threads: int) -> dict[str, Any]:
    content_made_of = bench.digest_of("content")
    made_of = digest(histories_digest(bench), content_made_of, config, half_life_sec)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    keys, histories = load_histories(bench, half_life_sec)
    content = bench.load("content", ("keys", "content"))
    vectors = carried_rows(content["content"], content["keys"], keys)
    model = fit_shallow(histories, vectors, config, threads=threads)
    bench.save(RESULT, made_of, {"keys": keys, "content_made_of": np.array(content_made_of), **model.arrays()})
    return {"met": int((np.bincount(histories.rows, minlength=histories.n) > 0).sum()), "width": config.dim}
