"""New reels after known ones. Reads `catalogue`, `interactions`, `content`, `cf_matrix`, leaves `newcomers`."""

import asyncio
from typing import Any

from reels.core.progress import Progress
from reels.learning.assembly import carried_rows, carried_table
from reels.learning.newcomers import newcomer_arrays
from reels.learning.snapshot import Neighbours
from reels.learning.training_set import histories_digest, load_histories
from reels.learning.workbench import Workbench, digest

RESULT = "newcomers"


async def run(bench: Workbench, *, neighbours: int, half_life_sec: float, progress: Progress) -> dict[str, Any]:
    """Size of the table. NoSnapshot: run `gather`, `embeddings` and `cf_matrix` first."""
    progress.begin("new reels")
    return await asyncio.to_thread(_fit, bench, neighbours, half_life_sec)


def _fit(bench: Workbench, k: int, half_life_sec: float) -> dict[str, Any]:
    read = (bench.digest_of("content"), bench.digest_of("cf_matrix"))
    published = bench.load("catalogue", ("published",))["published"]
    made_of = digest(histories_digest(bench), *read, published, k, half_life_sec)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    keys, histories = load_histories(bench, half_life_sec)
    content, tables = bench.load("content", ("keys", "content")), bench.load("cf_matrix")
    following = Neighbours(tables["next_indptr"], tables["next_indices"], tables["next_weights"])
    found = newcomer_arrays(
        keys,
        histories,
        carried_table(following, tables["keys"], keys),
        carried_rows(content["content"], content["keys"], keys),
        published,
        k,
    )
    bench.save(RESULT, made_of, found)
    return {"after": len(found["after_indices"])}
