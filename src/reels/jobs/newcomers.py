"""New reels after known ones. Reads the catalogue, interactions and `READ`, leaves `newcomers`."""

import asyncio
from typing import Any

from reels.core.progress import Progress
from reels.learning.assembly import carried_rows, carried_table
from reels.learning.newcomers import Told, newcomer_arrays
from reels.learning.snapshot import Neighbours
from reels.learning.training_set import histories_digest, load_histories
from reels.learning.workbench import Workbench, digest

RESULT = "newcomers"
READ = ("content", "cf_matrix", "words", "factorization")


async def run(bench: Workbench, *, neighbours: int, half_life_sec: float, progress: Progress) -> dict[str, Any]:
    """Size of the table. NoSnapshot: run `gather` and what makes `READ` first."""
    progress.begin("new reels")
    return await asyncio.to_thread(_fit, bench, neighbours, half_life_sec)


def _fit(bench: Workbench, k: int, half_life_sec: float) -> dict[str, Any]:
    read = tuple(bench.digest_of(name) for name in READ)
    published = bench.load("catalogue", ("published",))["published"]
    made_of = digest(histories_digest(bench), *read, published, k, half_life_sec)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    keys, histories = load_histories(bench, half_life_sec)
    content, tables = bench.load("content", ("keys", "content")), bench.load("cf_matrix")
    following = Neighbours(tables["next_indptr"], tables["next_indices"], tables["next_weights"])
    together = Neighbours(tables["cf_indptr"], tables["cf_indices"], tables["cf_weights"])
    words = bench.load("words", ("keys", "terms", "term_weights"))
    factors = bench.load("factorization", ("keys", "factors"))
    told = Told(
        carried_rows(content["content"], content["keys"], keys),
        carried_rows(words["terms"], words["keys"], keys),
        carried_rows(words["term_weights"], words["keys"], keys),
    )
    found = newcomer_arrays(
        keys,
        histories,
        carried_table(following, tables["keys"], keys),
        carried_table(together, tables["keys"], keys),
        told,
        carried_rows(factors["factors"], factors["keys"], keys),
        published,
        k,
    )
    bench.save(RESULT, made_of, found)
    return {"after": len(found["after_indices"])}
