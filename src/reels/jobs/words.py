"""Words of the reels and which are alike by them. Reads `catalogue`, leaves `words`."""

import asyncio
from typing import Any

from reels.core.progress import Progress
from reels.learning.training_set import load_catalogue
from reels.learning.words import word_arrays
from reels.learning.workbench import Workbench, digest

RESULT = "words"


async def run(bench: Workbench, *, neighbours: int, threads: int, progress: Progress) -> dict[str, Any]:
    """Size of the table. NoSnapshot: run `gather` first."""
    progress.begin("words")
    return await asyncio.to_thread(_fit, bench, neighbours, threads)


def _fit(bench: Workbench, k: int, threads: int) -> dict[str, Any]:
    catalogue, _ = load_catalogue(bench)
    made_of = digest(catalogue.keys, catalogue.creators, catalogue.texts, catalogue.tags, k)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    found = word_arrays(catalogue, k, threads=threads)
    bench.save(RESULT, made_of, found)
    return {"alike": len(found["alike_indices"])}
