"""Trains the learned ranker. Reads everything on the workbench, leaves `ranker`, and `shares`: which source it asks for
how many candidates.

What it learns from are requests whose answers are known (`recommender.ranker.examples`). All tables are fitted once
more without those answers: a table that has seen the answer would look like a prophet to the ranker, and be none.
"""

import asyncio
from typing import Any

from reels.core.progress import Progress
from reels.learning.assembly import assembled, carried_rows
from reels.learning.fits import FitConfig, fitted
from reels.learning.ranker import RankerConfig, fit, unavailable
from reels.learning.training_set import load_catalogue, load_interactions
from reels.learning.workbench import Workbench, digest
from reels.recommender.models import build
from reels.recommender.ranker.examples import answers_of, examples_of, shares_from, with_shares, without
from reels.recommender.ranker.features.standard import NAMES
from reels.recommender.shares import GROUP as SHARES
from reels.recommender.standard import generators, pipelines

RESULT = "ranker"
MODE = "for_you"
FEWEST_REQUESTS = 20
"""With fewer answered requests there is nothing to learn."""


async def run(
    bench: Workbench, config: RankerConfig, fits: FitConfig, *, threads: int, progress: Progress
) -> dict[str, Any]:
    """From how many requests it learnt, or why there is no ranker. NoSnapshot: run `gather` and `embeddings` first.

    Where LightGBM can't be loaded, too little is known, or `config.viewers` is 0, there is no result: the next
    snapshot has no learned ranker, and a policy that asks for one is served by the blend.
    """
    progress.begin("ranker", 3)
    why = unavailable() if config.viewers else "switched off (REELS_RANKER_VIEWERS=0)"
    if why:
        await asyncio.to_thread(bench.drop, RESULT)
        await asyncio.to_thread(bench.drop, SHARES)
        return {"left_out": why}
    return await asyncio.to_thread(_fit, bench, config, fits, threads, progress)


def _fit(bench: Workbench, config: RankerConfig, fits: FitConfig, threads: int, progress: Progress) -> dict[str, Any]:
    of = (bench.digest_of(name) for name in ("interactions", "catalogue", "content"))
    made_of = digest(*of, config, fits, NAMES)
    if bench.digest_of(RESULT) == made_of:
        return {"unchanged": True}
    catalogue, now = load_catalogue(bench)
    pairs = load_interactions(bench)
    found = answers_of(pairs, now)
    early = without(pairs, found.hidden)
    content = bench.load("content")
    content |= {"content": carried_rows(content["content"], content["keys"], catalogue.keys), "keys": catalogue.keys}
    results = fitted(catalogue, early, content, fits, now=found.now, threads=threads)
    models = build(assembled(catalogue, early, results, version="before", created_at=found.now))
    progress.advance()
    generator, pipeline = generators()[MODE], pipelines()[MODE]
    shares = shares_from(models, pairs, found, generator, seed=config.seed)
    models = with_shares(models, shares)
    examples = examples_of(
        models,
        pairs,
        found,
        generator,
        pipeline,
        viewers=config.viewers,
        seed=config.seed,
        share=config.negatives,
    )
    progress.advance()
    learnt = {"asked": examples.asked, "answered": len(examples.sizes)}
    if len(examples.sizes) < FEWEST_REQUESTS:
        bench.drop(RESULT)
        bench.drop(SHARES)
        return {"left_out": f"only {len(examples.sizes)} requests to learn from", **learnt}
    arrays = fit(examples, config, threads=threads)
    bench.save(SHARES, made_of, shares)
    bench.save(RESULT, made_of, {"keys": catalogue.keys, **arrays})
    progress.advance()
    return {**learnt, "trees": len(arrays["roots"]), "blend": [round(float(one), 2) for one in arrays["blend"]]}
