"""Reads the catalogue and the log of interactions from MongoDB onto the workbench, for the jobs that follow.

Leaves `catalogue`, `interactions` and, where there is enough watching to say what is usual, `watch`: by it the value of
what was only watched is debiased here, once, for all that read interactions (`learning.watch_value`). All are as of
one moment, `now`: what comes later is the next training's.
"""

import asyncio
from typing import Any

import numpy as np

from reels.core.ports import InteractionStore, ReelStore, UserStore
from reels.core.progress import Progress
from reels.learning.catalogue import Catalogue, catalogue_of, joined
from reels.learning.interactions import Collector, Interactions
from reels.learning.watch_value import GROUP, fit_watch_table, valued
from reels.learning.workbench import Workbench, digest

CATALOGUE = "catalogue"
INTERACTIONS = "interactions"


async def run(
    reels: ReelStore,
    users: UserStore,
    interactions: InteractionStore,
    bench: Workbench,
    *,
    now: float,
    progress: Progress,
) -> dict[str, Any]:
    """How many reels, events, viewers and pairs there are. StoreUnavailable, SnapshotRefused (colliding ids).

    What viewers did before they started afresh (`reset_at`) teaches no model.
    """
    progress.begin("reading the catalogue", await reels.count())
    parts: list[Catalogue] = []
    async for batch in reels.stream():
        parts.append(await asyncio.to_thread(catalogue_of, batch))
        progress.advance(len(batch))
    catalogue = await asyncio.to_thread(joined, parts)
    del parts
    progress.begin("reading interactions", await interactions.count())
    collector = Collector(await users.resets())
    async for columns in interactions.stream(before=now):
        await asyncio.to_thread(collector.add, columns)
        progress.advance(len(columns.user_id))
    pairs = await asyncio.to_thread(collector.finish)
    pairs = await asyncio.to_thread(keep_gathered, bench, catalogue, pairs, now)
    return {
        "reels": len(catalogue.keys),
        "events": pairs.events,
        "viewers": len(pairs.user_keys),
        "pairs": len(pairs.reels),
    }


def keep_gathered(bench: Workbench, catalogue: Catalogue, pairs: Interactions, now: float) -> Interactions:
    """Leaves both on the workbench, as of `now`; the pairs as they were left, valued by what watching is usual."""
    table = fit_watch_table(pairs, catalogue.keys, catalogue.durations)
    pairs = valued(pairs, table, catalogue.keys, catalogue.durations)
    if table is None:
        bench.drop(GROUP)
    else:
        bench.save(GROUP, digest(table.edges, table.seconds), table.arrays())
    moment = np.array(now)
    for name, arrays in ((CATALOGUE, catalogue.arrays()), (INTERACTIONS, pairs.arrays())):
        bench.save(name, digest(*(item for pair in arrays.items() for item in pair)), {**arrays, "now": moment})
    return pairs
