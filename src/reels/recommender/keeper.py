"""Keeps the models in use up to date: background tasks call `refresh_*`, requests read `models`.

Each refresh makes a new `Models` off the event loop and puts it in place in one assignment; a request keeps the one it
began with. A refresh that fails changes nothing and says so by raising.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import structlog
from numpy.typing import NDArray

from reels.core import signals
from reels.core.catalogue_changes import CatalogueChanges
from reels.core.ports import EmbeddingStore, ReelStore, SignalStore, StoredReel
from reels.core.signals import Signal
from reels.learning.shelf import Shelf
from reels.learning.snapshot import Snapshot
from reels.recommender.models import Models, build, empty_snapshot, no_models, with_signals
from reels.recommender.orders import Orders, orders_of
from reels.recommender.retrieval import Retrieval, retrieval_of
from reels.recommender.tail import TailReel, prepare, tail_of
from reels.recommender.warming import warm

LOOK_BACK_SEC = 3600.0
"""Changes are followed from so long before a snapshot was made: it read the catalogue some time before that."""
WITHOUT_SNAPSHOT = 2000
"""Reels served from before the first snapshot: the most viewed and the newest."""

_log = structlog.get_logger(__name__)


class Keeper:
    """The models of one process. One refresh at a time; requests never wait for one."""

    def __init__(self, shelf: Shelf, reels: ReelStore, embeddings: EmbeddingStore, shared: SignalStore) -> None:
        self._shelf, self._reels, self._embeddings, self._shared = shelf, reels, embeddings, shared
        self._models = no_models()
        self._stamp: tuple[int, int] | None = None
        self._changes: CatalogueChanges | None = None
        self._tail: dict[int, TailReel] = {}
        self._vectors: dict[int, NDArray[np.float32]] = {}
        self._trending, self._trials = Signal(), Signal()
        self._turn = asyncio.Lock()

    @property
    def models(self) -> Models:
        """The models in use now."""
        return self._models

    async def start(self, now: float) -> None:
        """Everything once, and all compiled code warm: ready to serve when it returns."""
        await self.refresh_snapshot()
        await self.refresh_catalogue(now)
        await self.refresh_signals()
        await asyncio.to_thread(warm, self._models, now)

    async def refresh_snapshot(self) -> bool:
        """Opens the current snapshot if it is another one than before; whether it is. One stat when nothing changed."""
        stamp = self._shelf.stamp()
        if stamp == self._stamp:
            return False
        if self._shelf.current() is None:
            self._stamp = stamp
            return False
        async with self._turn:
            snapshot, orders, retrieval = await asyncio.to_thread(self._open)
            self._stamp = stamp
            if snapshot.manifest.version == self._models.version:
                return False
            if snapshot.manifest.space != self._models.snapshot.manifest.space:
                self._vectors = {}
            self._changes = CatalogueChanges(self._reels, snapshot.manifest.created_at - LOOK_BACK_SEC)
            self._tail = {key: one for key, one in self._tail.items() if _says_more(one, snapshot)}
            await self._put_in_place(snapshot, orders, retrieval)
            _log.info("snapshot in use", version=snapshot.manifest.version, reels=len(snapshot.keys))
            return True

    async def refresh_catalogue(self, now: float) -> int:
        """Takes new, changed, blocked and newly embedded reels into the tail; how many. StoreUnavailable: MongoDB."""
        async with self._turn:
            if self._changes is None:
                self._changes = CatalogueChanges(self._reels, now)
                first = {one.reel.reel_id: one for one in await self._reels.most_viewed(WITHOUT_SNAPSHOT)}
                first |= {one.reel.reel_id: one for one in await self._reels.newest(now + 1, WITHOUT_SNAPSHOT // 4)}
                changed = list(first.values())
            else:
                changed = await self._changes.poll(now)
            if not changed:
                return 0
            await self._take(changed)
            models = self._models
            await self._put_in_place(models.snapshot, models.orders, models.retrieval)
            return len(changed)

    async def refresh_signals(self) -> None:
        """Takes what is trending and how far the trials are. StoreUnavailable: Redis; the last signals stay."""
        found = await self._shared.get_signals([signals.TRENDING, signals.TRIALS])
        trending = signals.unpack(found[signals.TRENDING]) if signals.TRENDING in found else Signal()
        trials = signals.unpack(found[signals.TRIALS]) if signals.TRIALS in found else Signal()
        if (trending.computed_at, trials.computed_at) == (self._trending.computed_at, self._trials.computed_at):
            return
        async with self._turn:
            self._trending, self._trials = trending, trials
            self._models = await asyncio.to_thread(with_signals, self._models, trending, trials)

    async def _take(self, changed: Sequence[StoredReel]) -> None:
        """Into the tail what the snapshot does not say already, with vectors where there are any."""
        snapshot = self._models.snapshot
        found = await self._embeddings.get(snapshot.manifest.space, [one.reel.reel_id for one in changed])
        for stored in changed:
            late, vector = prepare(stored), found.get(stored.reel.reel_id)
            if vector is not None and vector.content_hash == stored.content_hash:
                self._vectors[late.key] = np.asarray(vector.vector, np.float32)
            if _says_more(late, snapshot) or late.key in self._tail:
                self._tail[late.key] = late

    async def _put_in_place(self, snapshot: Snapshot, orders: Orders, retrieval: Retrieval) -> None:
        tail, vectors = list(self._tail.values()), dict(self._vectors)
        trending, trials, version = self._trending, self._trials, self._models.version

        def make() -> Models:
            used = snapshot if snapshot.manifest.version else _nothing_but(tail)
            late = tail_of(used, orders, tail, vectors)
            made = build(used, late, trending, trials, orders=orders, retrieval=retrieval)
            if used.manifest.version != version:  # other arrays: some compiled code may be for others, and pages cold
                warm(made, used.manifest.created_at)
            return made

        self._models = await asyncio.to_thread(make)

    def _open(self) -> tuple[Snapshot, Orders, Retrieval]:
        """Checksums and all: one altered byte in a table of offsets would read beyond its neighbours."""
        snapshot, damaged = self._shelf.open_usable()
        for what in damaged:
            _log.error("damaged snapshot passed over", reason=what, instead=snapshot.manifest.version)
        return snapshot, orders_of(snapshot), retrieval_of(snapshot)


def _says_more(late: TailReel, snapshot: Snapshot) -> bool:
    """Whether a reel of the catalogue differs from what the snapshot has of it, or is new."""
    if not len(snapshot.keys):
        return True
    row = min(int(np.searchsorted(snapshot.keys, late.key)), len(snapshot.keys) - 1)
    if snapshot.keys[row] != late.key or bool(snapshot.active[row]) != late.active:
        return True
    start, end = snapshot.reels_offsets[row : row + 2]
    return snapshot.reels[start:end].tobytes() != late.json or not snapshot.content.scales[row]


def _nothing_but(tail: Sequence[TailReel]) -> Snapshot:
    """Before the first snapshot: no rows, but names for the regions and languages there are."""
    nothing = empty_snapshot()
    regions = tuple(sorted({one.region for one in tail if one.region}))
    languages = tuple(sorted({one.language for one in tail if one.language}))
    return replace(nothing, manifest=replace(nothing.manifest, regions=regions, languages=languages))
