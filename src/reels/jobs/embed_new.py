"""Embeds new and changed reels as they come, so that content finds them within a second and without a training."""

import asyncio
from collections.abc import Sequence

from reels.core.catalogue_changes import CatalogueChanges
from reels.core.ports import EmbeddingStore, ReelStore, StoredEmbedding, StoredReel
from reels.learning.embedders import Embedder
from reels.learning.preprocessing import clean

AT_ONCE = 64
"""Reels embedded in one step, newest change first: a single upload does not wait behind a big import."""


class NewEmbeddings:
    """Follows the catalogue and embeds what has no vector yet. One caller at a time."""

    def __init__(self, reels: ReelStore, store: EmbeddingStore, embedder: Embedder, since: float) -> None:
        """`since`: changes before this moment (epoch s) are left to the job `embeddings`."""
        self._reels, self._store, self._embedder = reels, store, embedder
        self._changes = CatalogueChanges(reels, since)
        self._waiting: dict[str, StoredReel] = {}

    @property
    def waiting(self) -> int:
        """Reels seen but not embedded yet."""
        return len(self._waiting)

    async def step(self, now: float) -> int:
        """Looks for changes, embeds up to `AT_ONCE` reels and has them read anew; how many. StoreUnavailable."""
        for stored in await self._changes.poll(now):
            self._waiting.pop(stored.reel.reel_id, None)
            self._waiting[stored.reel.reel_id] = stored
        batch = list(self._waiting.values())[-AT_ONCE:]
        if not batch:
            return 0
        wanting = await self._wanting(batch)
        if wanting:
            await self._embed(wanting)
            await self._reels.touch([one.reel.reel_id for one in wanting], now)
        for one in batch:
            if self._waiting.get(one.reel.reel_id) is one:
                del self._waiting[one.reel.reel_id]
        return len(wanting)

    async def _wanting(self, batch: Sequence[StoredReel]) -> list[StoredReel]:
        known = await self._store.get(self._embedder.space, [one.reel.reel_id for one in batch])
        return [
            one
            for one in batch
            if (found := known.get(one.reel.reel_id)) is None or found.content_hash != one.content_hash
        ]

    async def _embed(self, wanting: Sequence[StoredReel]) -> None:
        texts = [clean(one.reel.title, one.reel.tags).text for one in wanting]
        vectors = await asyncio.to_thread(self._embedder.embed, texts)
        rows = [
            StoredEmbedding(one.reel.reel_id, one.content_hash, vector)
            for one, vector in zip(wanting, vectors, strict=True)
        ]
        await self._store.put(self._embedder.space, rows)
