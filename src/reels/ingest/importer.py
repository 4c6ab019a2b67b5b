"""Imports: rows of files into MongoDB, in batches, resumable and idempotent.

Reading and parsing run in a thread, one batch ahead of the store. After each batch that is on disk the checkpoint is
written, so that a stopped import goes on there; a batch that was stored but not yet noted is stored again, which
changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from reels.core.errors import BadRow
from reels.core.ports import InteractionStore, ReelStore, UserStore, ViewerStore
from reels.core.types import Event, Reel
from reels.core.user_state import NAMES_CREATOR
from reels.ingest.checkpoint import Checkpoint, ImportCounts
from reels.ingest.rejects import RejectsFile

Thing = TypeVar("Thing")
BATCH = 2_000
"""Rows a batch: beyond this the rate no longer grows (unordered inserts of 2,000: 15,500 events/s here)."""

Store = Callable[[list[Thing]], Awaitable[ImportCounts]]
Watch = Callable[[ImportCounts], None]
"""Called after every batch with the counts so far."""


async def import_reels(
    reels: Iterator[Reel | BadRow],
    store: ReelStore,
    rejects: RejectsFile,
    checkpoint: Checkpoint,
    now: float,
    watch: Watch,
) -> ImportCounts:
    """Store reels; of a reel that comes twice in a batch the later row holds, and the earlier counts as updated."""

    async def upsert(batch: list[Reel]) -> ImportCounts:
        newest = {reel.reel_id: reel for reel in batch}
        counts = await store.upsert(list(newest.values()), now)
        repeated = len(batch) - len(newest)
        return ImportCounts(new=counts.new, updated=counts.updated + repeated, unchanged=counts.unchanged)

    return await _run(reels, upsert, rejects, checkpoint, watch)


async def import_events(
    events: Iterator[Event | BadRow],
    store: InteractionStore,
    reels: ReelStore,
    users: UserStore,
    viewers: ViewerStore | None,
    rejects: RejectsFile,
    checkpoint: Checkpoint,
    now: float,
    watch: Watch,
) -> ImportCounts:
    """Store events; those already there count as unchanged, and viewers nobody knows yet are created.

    A follow or block is of the creator whom the reel has in `reels` now, as in `POST /events`.
    What `viewers` (Redis; None = there is none) derived for these viewers is dropped with every batch, to be rebuilt.
    """

    there: set[str] = set()

    async def insert(batch: list[Event]) -> ImportCounts:
        viewers_of_batch = {event.user_id for event in batch}
        await users.ensure(sorted(viewers_of_batch - there), now)
        there.update(viewers_of_batch)
        outcome = await store.insert(await _with_creators(batch, reels), now, reacted=True)
        if viewers is not None:
            await viewers.drop_state(sorted(viewers_of_batch))
        return ImportCounts(new=len(outcome.stored), unchanged=len(outcome.duplicates))

    return await _run(events, insert, rejects, checkpoint, watch)


async def _with_creators(batch: list[Event], reels: ReelStore) -> list[Event]:
    wanted = {event.reel_id for event in batch if event.kind in NAMES_CREATOR and not event.creator_id}
    if not wanted:
        return batch
    known = await reels.get(sorted(wanted))
    return [
        replace(event, creator_id=known[event.reel_id].reel.creator_id)
        if event.kind in NAMES_CREATOR and event.reel_id in known
        else event
        for event in batch
    ]


async def _run(
    things: Iterator[Thing | BadRow], store: Store[Thing], rejects: RejectsFile, checkpoint: Checkpoint, watch: Watch
) -> ImportCounts:
    counts = checkpoint.load()
    await asyncio.to_thread(_skip, things, counts.taken)
    batch = await asyncio.to_thread(_batch, things)
    while batch:
        ahead = asyncio.create_task(asyncio.to_thread(_batch, things))
        good = [thing for thing in batch if not isinstance(thing, BadRow)]
        bad = [thing for thing in batch if isinstance(thing, BadRow)]
        try:
            stored = await store(good) if good else ImportCounts()
        except BaseException:
            await asyncio.gather(ahead, return_exceptions=True)  # the thread still reads the file
            raise
        for row in bad:
            rejects.add(row)
        rejects.flush()
        counts = counts.plus(stored).plus(ImportCounts(taken=len(batch), rejected=len(bad)))
        checkpoint.save(counts)
        watch(counts)
        batch = await ahead
    checkpoint.done()
    return counts


def _batch(things: Iterator[Thing]) -> list[Thing]:
    return list(islice(things, BATCH))


def _skip(things: Iterator[Thing], taken: int) -> None:
    for _ in islice(things, taken):
        continue
