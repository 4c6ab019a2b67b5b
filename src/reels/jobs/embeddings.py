"""Embeds what has no embedding yet, then fits the content space of the next snapshot (centre, PCA).

Reads `catalogue`, leaves `content`. Each text is embedded once, whoever wrote it; vectors are stored batch by batch, so
a stopped run goes on where it was.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np

from reels.core.ports import EmbeddingStore, StoredEmbedding
from reels.core.progress import Progress
from reels.core.types import Floats
from reels.learning.catalogue import Catalogue
from reels.learning.embedders import Embedder
from reels.learning.embeddings import fit_content_space
from reels.learning.training_set import load_catalogue
from reels.learning.workbench import Arrays, Workbench, digest

RESULT = "content"
_BATCH = 256
_BLOCK = 16_384
_LEARNT_FROM = 100_000
"""Of a large catalogue the space is learnt from so many texts, or up to twice as many, spread evenly."""


async def run(
    bench: Workbench, store: EmbeddingStore, embedder: Embedder, *, dim: int, progress: Progress
) -> dict[str, Any]:
    """How many texts were embedded now and how many reels have a vector. NoSnapshot: run `gather` first."""
    catalogue, _ = await asyncio.to_thread(load_catalogue, bench)
    known = await store.hashes(embedder.space)
    fresh = await _embed_missing(catalogue, known, store, embedder, progress)
    made_of = digest(embedder.space, dim, catalogue.keys, catalogue.hashes)
    if bench.digest_of(RESULT) == made_of:
        return {"embedded": fresh, "unchanged": True}
    progress.begin("content space", len(catalogue.keys))
    raw = np.lib.format.open_memmap(bench.path("raw.npy"), "w+", np.float32, (len(catalogue.keys), embedder.dim))
    row_of = {reel_id: row for row, reel_id in enumerate(catalogue.ids)}
    async for batch in store.stream(embedder.space):
        for one in batch:
            row = row_of.get(one.reel_id)
            if row is not None and catalogue.hashes[row] == one.content_hash:
                raw[row] = one.vector
        progress.advance(len(batch))
    with_vector = await asyncio.to_thread(fit_content, bench, made_of, catalogue, raw, embedder, dim)
    return {"embedded": fresh, "with_vector": with_vector, "space": embedder.space}


async def _embed_missing(
    catalogue: Catalogue, known: dict[str, str], store: EmbeddingStore, embedder: Embedder, progress: Progress
) -> int:
    """Embeds each distinct text without a vector and stores it for all reels that have it; how many texts."""
    wanting: dict[str, list[int]] = {}
    for row, (reel_id, content) in enumerate(zip(catalogue.ids, catalogue.hashes, strict=True)):
        if known.get(reel_id) != content:
            wanting.setdefault(content, []).append(row)
    progress.begin("embedding", len(wanting))
    groups = sorted(wanting.items(), key=lambda item: len(catalogue.texts[item[1][0]]))  # alike lengths side by side
    for start in range(0, len(groups), _BATCH):
        batch = groups[start : start + _BATCH]
        vectors = await asyncio.to_thread(embedder.embed, [catalogue.texts[rows[0]] for _, rows in batch])
        await store.put(
            embedder.space,
            [
                StoredEmbedding(catalogue.ids[row], content, vector)
                for (content, rows), vector in zip(batch, vectors, strict=True)
                for row in rows
            ],
        )
        progress.advance(len(batch))
    return len(groups)


def fit_content(bench: Workbench, made_of: str, catalogue: Catalogue, raw: Floats, embedder: Embedder, dim: int) -> int:
    """Fits the content space of raw vectors float32[n, D], in the rows of the catalogue; how many have a vector."""
    space = fit_content_space(_blocks(raw[:: max(1, len(raw) // _LEARNT_FROM)]), embedder.dim, dim)
    projected = [space.project(block) for block in _blocks(raw)]
    content = np.concatenate(projected) if projected else np.zeros((0, space.projection.shape[1]), np.float32)
    arrays: Arrays = {
        "keys": catalogue.keys,
        "content": content,
        "centre": space.centre,
        "projection": space.projection,
        "space": np.array(embedder.space),
        "embedded": np.concatenate([block.any(axis=1) for block in _blocks(raw)] or [np.zeros(0, np.bool_)]),
    }
    bench.save(RESULT, made_of, arrays)
    return int(content.any(axis=1).sum())


def _blocks(raw: Floats) -> Iterator[Floats]:
    return (np.asarray(raw[start : start + _BLOCK]) for start in range(0, len(raw), _BLOCK))
