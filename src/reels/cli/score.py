"""`reels score`: the ranker's score for given viewers and reels, as a file."""

import asyncio
import csv
import math
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from reels.cli.console import bar, summary
from reels.cli.tables import rows_of, written
from reels.settings import Settings


def score(
    pairs: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="CSV with user_id and reel_id.")],
    out: Annotated[Path, typer.Option(help="File to write: user_id,reel_id,score in the order of the pairs.")],
    policy: Annotated[str, typer.Option(help="Name of a policy, e.g. learned; empty: the one in force.")] = "",
    processes: Annotated[int, typer.Option(min=0, help="Worker processes; 0 = one a processor.")] = 0,
) -> None:
    """Write the score GET /feed would rank each pair by; empty where there is no such reel.

    Parts are normalised over the viewer's candidates and the reels asked for together.
    """
    asyncio.run(_score(list(rows_of(pairs, ("user_id", "reel_id"))), out, processes or os.cpu_count() or 1, policy))


async def _score(pairs: list[tuple[str, ...]], out: Path, processes: int, policy: str) -> None:
    from reels.recommender.batch import BatchViewer  # only now: numpy and numba take a second
    from reels.wiring.batch import open_batch
    from reels.wiring.stores import open_stores

    began = time.perf_counter()
    of_user: dict[str, list[int]] = {}
    for place, (user_id, _) in enumerate(pairs):
        of_user.setdefault(user_id, []).append(place)
    scores = [math.nan] * len(pairs)
    async with open_stores(Settings()) as stores, open_batch(stores, time.time(), processes, policy) as room:
        order: list[str] = []

        async def asked() -> AsyncIterator[list[tuple[BatchViewer, list[str]]]]:
            async for group in room.viewers(list(of_user)):
                order.extend(one.state.user_id for one in group)
                yield [(one, [pairs[place][1] for place in of_user[one.state.user_id]]) for one in group]

        with bar("scoring", len(of_user)) as (progress, task):
            done = 0
            async for group in room.processes.score(asked()):
                for found in group:
                    for place, value in zip(of_user[order[done]], found.tolist(), strict=True):
                        scores[place] = value
                    done += 1
                progress.update(task, completed=done)
    with written(out) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("user_id", "reel_id", "score"))
        for (user_id, reel_id), value in zip(pairs, scores, strict=True):
            table.writerow((user_id, reel_id, "" if math.isnan(value) else f"{value:.6f}"))
    unknown = sum(map(math.isnan, scores))
    seconds = time.perf_counter() - began
    summary(str(out), {"pairs": len(pairs), "unknown reels": unknown, "seconds": f"{seconds:.1f}"})
