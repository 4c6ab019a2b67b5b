"""What every `FeedStore` does."""

from dataclasses import replace

import numpy as np
import pytest
from tests.contracts.examples import NOW, served_feed

from reels.core.ports import FeedStore
from reels.core.types import ServedFeed


@pytest.mark.anyio
class FeedStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_a_page_comes_back_bit_for_bit(self, store: FeedStore) -> None:
        given = served_feed("f1", served_at=NOW + 0.123456789, seed=2**64 - 1)
        await store.record([given])
        assert await store.get("f1") == given
        assert await store.get("nobody") is None

    async def test_numbers_of_numpy_are_welcome(self, store: FeedStore) -> None:
        plain = served_feed("f1")
        item = replace(plain.page.items[0], row=np.int32(3), score=np.float32(0.5), parts={"cf": np.float32(0.25)})  # type: ignore[arg-type,dict-item]
        await store.record([ServedFeed(replace(plain.page, items=(item,)), plain.query, plain.inputs)])
        found = await store.get("f1")
        assert found is not None
        assert found.page.items[0] == replace(item, row=3, score=0.5, parts={"cf": 0.25})

    async def test_recorded_again_it_stays_as_it_was(self, store: FeedStore) -> None:
        first = served_feed("f1")
        await store.record([first])
        await store.record([served_feed("f1", "somebody else"), served_feed("f2"), served_feed("f2")])
        await store.record([])
        assert await store.get("f1") == first
        assert await store.count() == 2

    async def test_recent_of_a_viewer_newest_first_without_inputs(self, store: FeedStore) -> None:
        await store.record([served_feed(f"f{i}", served_at=NOW + i) for i in range(5)])
        await store.record([served_feed("other", "u2", NOW + 9)])
        recent = await store.recent_of("u1", NOW + 2, 10)
        assert [one.page.feed_id for one in recent] == ["f4", "f3", "f2"]
        assert recent[0] == replace(served_feed("f4", served_at=NOW + 4), inputs=b"")
        assert [one.page.feed_id for one in await store.recent_of("u1", 0, 2)] == ["f4", "f3"]
