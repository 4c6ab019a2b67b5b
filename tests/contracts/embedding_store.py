"""What every `EmbeddingStore` does."""

import numpy as np
import pytest

from reels.core.ports import EmbeddingStore, StoredEmbedding

SPACE = "use-3.clean-1"


def _row(reel_id: str, value: float, content_hash: str = "h") -> StoredEmbedding:
    return StoredEmbedding(reel_id, content_hash, np.array([value, 1 / 3, -0.0], np.float32))


@pytest.mark.anyio
class EmbeddingStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_a_vector_comes_back_bit_for_bit(self, store: EmbeddingStore) -> None:
        await store.put(SPACE, [_row("r1", 1.5), _row("r2", 2.5, "other")])
        found = await store.get(SPACE, ["r1", "r2", "nobody"])
        assert set(found) == {"r1", "r2"}
        assert found["r1"].vector.dtype == np.float32
        assert found["r1"].vector.tobytes() == _row("r1", 1.5).vector.tobytes()
        assert found["r2"].content_hash == "other"

    async def test_a_later_vector_replaces_the_former(self, store: EmbeddingStore) -> None:
        await store.put(SPACE, [_row("r1", 1)])
        await store.put(SPACE, [_row("r1", 2, "new")])
        assert (await store.get(SPACE, ["r1"]))["r1"].vector[0] == 2
        assert await store.hashes(SPACE) == {"r1": "new"}

    async def test_spaces_never_mix(self, store: EmbeddingStore) -> None:
        await store.put(SPACE, [_row("r1", 1)])
        await store.put("hash-1", [_row("r1", 2), _row("r2", 3)])
        assert (await store.get(SPACE, ["r1", "r2"])).keys() == {"r1"}
        assert await store.hashes(SPACE) == {"r1": "h"}
        assert [one.vector[0] async for some in store.stream(SPACE) for one in some] == [1]
        assert await store.hashes("none") == {}

    async def test_streams_in_batches_by_reel(self, store: EmbeddingStore) -> None:
        await store.put(SPACE, [_row(f"r{i:02}", i) for i in reversed(range(25))])
        batches = [some async for some in store.stream(SPACE, batch=10)]
        assert [len(some) for some in batches] == [10, 10, 5]
        assert [one.reel_id for some in batches for one in some] == [f"r{i:02}" for i in range(25)]

    async def test_nothing_given_nothing_done(self, store: EmbeddingStore) -> None:
        await store.put(SPACE, [])
        assert await store.get(SPACE, []) == {}
        assert [some async for some in store.stream(SPACE)] == []
