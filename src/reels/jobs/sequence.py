"""Fits the sequence model, where there is torch. Reads `catalogue`, `interactions`, `content`, leaves `sequence`."""

import asyncio
from typing import Any

import numpy as np

from reels.core.progress import Progress
from reels.learning.assembly import carried_rows
from reels.learning.sequence import MOST_REELS, SequenceConfig, fit_sequence, has_torch
from reels.learning.training_set import histories_digest, load_histories
from reels.learning.workbench import Workbench, digest

RESULT = "sequence"


async def run(
    bench: Workbench, config: SequenceConfig, *, half_life_sec: float, threads: int, progress: Progress
) -> dict[str, Any]:
    """How many reels the model has met, or why it was left out. NoSnapshot: run `gather` and `embeddings` first.

    Without torch, and with 0 epochs, there is no result, and the next snapshot has no sequence model.
    """
    progress.begin("sequence model")
    if why := _left_out(config, len(bench.load("catalogue", ("keys",))["keys"])):
        await asyncio.to_thread(bench.drop, RESULT)
        return {"left_out": why}
    return await asyncio.to_thread(_fit, bench, config, half_life_sec, threads)


def _left_out(config: SequenceConfig, reels: int) -> str:
    if config.epochs <= 0:
        return "switched off (REELS_SEQUENCE_EPOCHS=0)"
    if reels > MOST_REELS:
        return f"{reels:,} reels, at most {MOST_REELS:,}"
    return "" if has_torch() else "torch is not installed: make torch"


def _fit(bench: Workbench, config: SequenceConfig, half_life_sec: float, threads: int) -> dict[str, Any]:
    content_made_of = bench.digest_of("content")
    made_of = digest(histories_digest(bench), content_made_of, config, half_life_sec)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    keys, histories = load_histories(bench, half_life_sec)
    content = bench.load("content", ("keys", "content"))
    vectors = carried_rows(content["content"], content["keys"], keys)
    model = fit_sequence(histories, vectors, config, threads=threads)
    bench.save(RESULT, made_of, {"keys": keys, "content_made_of": np.array(content_made_of), **model.arrays()})
    return {"met": int((np.bincount(histories.rows, minlength=histories.n) > 0).sum()), "width": model.items.shape[1]}
