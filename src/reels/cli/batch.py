"""`reels batch`: the best reels for many viewers, as a file."""

import asyncio
import csv
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from reels.cli.console import bar, summary
from reels.cli.tables import rows_of, written
from reels.settings import Settings


def batch(
    out: Annotated[Path, typer.Option(help="File to write: user_id,rank,reel_id,score; .csv or .csv.gz.")],
    k: Annotated[int, typer.Option(min=1, max=1000, help="Reels for each viewer.")] = 20,
    users: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Viewers: a column user_id, or one id a line.")
    ] = None,
    policy: Annotated[str, typer.Option(help="Name of a policy, e.g. learned; empty: the one in force.")] = "",
    processes: Annotated[int, typer.Option(min=0, help="Worker processes; 0 = one a processor.")] = 0,
) -> None:
    """Write the best reels for all viewers, or for those in a file. What they have seen is left out; no exploration.

    Ranks are a page's: spread over creators and topics, so a later rank may have the higher score. Viewers who are
    not known get the list of a new one, and are counted.
    """
    wanted = None if users is None else list(dict.fromkeys(user_id for (user_id,) in rows_of(users, ("user_id",))))
    asyncio.run(_batch(out, k, wanted, processes or os.cpu_count() or 1, policy))


async def _batch(out: Path, k: int, wanted: list[str] | None, processes: int, policy: str) -> None:
    from reels.wiring.batch import open_batch  # only now: numpy and numba take a second
    from reels.wiring.stores import open_stores

    began, viewers, rows, unknown = time.perf_counter(), 0, 0, 0
    async with open_stores(Settings()) as stores, open_batch(stores, time.time(), processes, policy) as room:
        total = await stores.users.count() if wanted is None else len(wanted)
        with bar("recommending", total or None) as (progress, task), written(out) as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("user_id", "rank", "reel_id", "score"))
            async for answers in room.processes.recommend(room.viewers(wanted), k):
                for answer in answers:
                    ranked = enumerate(zip(answer.reel_ids, answer.scores, strict=True), 1)
                    table.writerows((answer.user_id, rank, reel, f"{score:.6f}") for rank, (reel, score) in ranked)
                    rows += len(answer.reel_ids)
                viewers += len(answers)
                if wanted is not None:
                    unknown += len(answers) - len(await stores.users.get_many([one.user_id for one in answers]))
                progress.update(task, completed=viewers)
        seconds = time.perf_counter() - began
        summary(
            str(out),
            {
                "viewers": viewers,
                **({"unknown viewers": unknown} if unknown else {}),
                "rows": rows,
                "seconds": f"{seconds:.1f}",
                "snapshot": room.models.version,
                "policy": f"{room.policy.name} {room.policy.version}",
            },
        )
