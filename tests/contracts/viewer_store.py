"""What every `ViewerStore` does."""

import asyncio

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reels.core.keys import NO_KEYS, Keys
from reels.core.ports import ViewerCache, ViewerStore

SMALL_SEEN = 100
"""The fixture's limits, so that growing past them is quick."""
SMALL_SERVED = 50

LARGEST = 2**63 - 1


def keys(*some: int) -> Keys:
    return np.array(some, np.int64)


def counted_up(packed: bytes | None) -> bytes | None:
    """A fold that shows each lost update."""
    return None if packed is None else str(int(packed) + 1).encode()


@pytest.mark.anyio
class ViewerStoreContract:
    """Subclasses give a fixture `store`: empty, with `SMALL_SEEN` and `SMALL_SERVED` as limits."""

    async def test_nothing_is_known_of_a_stranger(self, store: ViewerStore) -> None:
        cache = await store.read("u", "f")
        assert cache.seen is None
        assert cache.served.tolist() == []
        assert cache == ViewerCache(served=cache.served)

    async def test_all_is_read_at_once(self, store: ViewerStore) -> None:
        await store.put_state("u", b"\x00state\xff", only_if_absent=False)
        await store.put_seen("u", keys(-1, LARGEST, 0))
        await store.put_candidates("u", b"candidates", 60)
        await store.put_page("u", "f", b"page", keys(5, -6))
        cache = await store.read("u", "f")
        assert (cache.state, cache.candidates, cache.page) == (b"\x00state\xff", b"candidates", b"page")
        assert cache.seen is not None
        assert cache.seen.tolist() == [-1, LARGEST, 0]
        assert cache.served.tolist() == [5, -6]
        assert cache.seen.dtype == cache.served.dtype == np.int64
        assert (await store.read("u", "another page")).page is None
        assert (await store.read("u")).page is None
        assert (await store.read("v", "f")).state is None

    async def test_concurrent_folds_lose_nothing(self, store: ViewerStore) -> None:
        """Or they collide for too long, and then the state is gone, to be rebuilt."""
        await store.put_state("u", b"0", only_if_absent=False)
        for _ in range(10):
            updated = await asyncio.gather(*(store.update_state("u", counted_up) for _ in range(3)))
            assert all(updated)
        assert (await store.read("u")).state == b"30"

    async def test_folds_that_keep_colliding_drop_the_state(self, store: ViewerStore) -> None:
        await store.put_state("u", b"0", only_if_absent=False)
        updated = await asyncio.gather(*(store.update_state("u", counted_up) for _ in range(40)))
        state = (await store.read("u")).state
        assert not all(updated)
        assert state is None

    async def test_there_is_no_state_to_update(self, store: ViewerStore) -> None:
        assert not await store.update_state("u", counted_up)
        assert (await store.read("u")).state is None

    async def test_a_fold_may_make_a_state_or_leave_it(self, store: ViewerStore) -> None:
        assert await store.update_state("u", lambda packed: b"made" if packed is None else packed + b"!")
        assert await store.update_state("u", lambda _: None)
        assert (await store.read("u")).state == b"made"

    async def test_an_error_of_the_fold_reaches_the_caller(self, store: ViewerStore) -> None:
        await store.put_state("u", b"not a number", only_if_absent=False)
        with pytest.raises(ValueError, match="invalid literal"):
            await store.update_state("u", counted_up)
        assert (await store.read("u")).state == b"not a number"

    async def test_a_state_only_where_there_is_none(self, store: ViewerStore) -> None:
        assert await store.put_state("u", b"first", only_if_absent=True)
        assert not await store.put_state("u", b"second", only_if_absent=True)
        assert (await store.read("u")).state == b"first"
        assert await store.put_state("u", b"third", only_if_absent=False)
        assert (await store.read("u")).state == b"third"

    async def test_dropping_leaves_what_was_served(self, store: ViewerStore) -> None:
        for user in ("u", "v", "w"):
            await store.put_state(user, b"1", only_if_absent=False)
            await store.put_seen(user, keys(1))
            await store.put_candidates(user, b"c", 60)
            await store.put_page(user, "f", b"page", keys(2))
        await store.drop_state(["u", "v"])
        await store.drop_state([])
        for user in ("u", "v"):
            cache = await store.read(user, "f")
            assert (cache.state, cache.seen, cache.candidates) == (None, None, None)
            assert cache.page == b"page"
            assert cache.served.tolist() == [2]
        assert (await store.read("w")).state == b"1"

    async def test_a_rebuild_begun_before_a_drop_is_not_kept(self, store: ViewerStore) -> None:
        before = (await store.read("u")).generation
        await store.drop_state(["u"])
        assert not await store.put_state("u", b"old", only_if_absent=True, generation=before)
        assert not await store.put_seen("u", keys(1), generation=before)
        cache = await store.read("u")
        assert (cache.state, cache.seen) == (None, None)
        assert await store.put_state("u", b"new", only_if_absent=True, generation=cache.generation)
        assert await store.put_seen("u", keys(2), generation=cache.generation)
        assert (await store.read("u")).state == b"new"

    async def test_seen_is_only_added_to_where_it_is(self, store: ViewerStore) -> None:
        assert not await store.add_seen("u", keys(1))
        assert (await store.read("u")).seen is None
        await store.put_seen("u", NO_KEYS)
        await store.put_seen("u", keys(3))
        assert await store.add_seen("u", keys(1, 2))
        assert await store.add_seen("u", NO_KEYS)
        seen = (await store.read("u")).seen
        assert seen is not None
        assert seen.tolist() == [3, 1, 2]

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(batches=st.lists(st.lists(st.integers(-20, 20), max_size=60), max_size=8))
    async def test_seen_grown_too_long_forgets_doubles_before_reels(
        self, store: ViewerStore, batches: list[list[int]]
    ) -> None:
        """41 different keys always fit into 100 places."""
        await store.drop_state(["u"])
        await store.put_seen("u", keys(1000))
        for batch in batches:
            assert await store.add_seen("u", keys(*batch))
        seen = (await store.read("u")).seen
        assert seen is not None
        assert set(seen.tolist()) == {1000, *(one for batch in batches for one in batch)}
        assert len(seen) <= SMALL_SEEN

    async def test_seen_grown_too_long_forgets_the_oldest(self, store: ViewerStore) -> None:
        await store.put_seen("u", keys(*range(SMALL_SEEN)))
        await store.add_seen("u", keys(0, 500))
        seen = (await store.read("u")).seen
        assert seen is not None
        assert seen.tolist() == [*range(12, SMALL_SEEN), 0, 500]

    async def test_candidates_live_and_go(self, store: ViewerStore) -> None:
        await store.put_candidates("u", b"c", 60)
        assert (await store.read("u")).candidates == b"c"
        await store.drop_candidates("u")
        assert (await store.read("u")).candidates is None
        await store.drop_candidates("u")

    async def test_one_builder_at_a_time(self, store: ViewerStore) -> None:
        claims = await asyncio.gather(*(store.claim_build("u", 60) for _ in range(8)))
        assert sum(claims) == 1
        assert await store.claim_build("v", 60)
        await store.put_candidates("u", b"c", 60)
        assert await store.claim_build("u", 60)

    async def test_the_first_page_wins(self, store: ViewerStore) -> None:
        pages = [(str(i).encode(), keys(i)) for i in range(8)]
        kept = await asyncio.gather(*(store.put_page("u", "f", page, shown) for page, shown in pages))
        assert len(set(kept)) == 1
        cache = await store.read("u", "f")
        assert cache.page == kept[0]
        assert cache.served.tolist() == [int(kept[0])]
        assert await store.put_page("v", "f", b"mine", keys(1)) == b"mine"
        assert await store.put_page("v", "g", b"empty", NO_KEYS) == b"empty"

    async def test_served_grown_too_long_forgets_the_oldest(self, store: ViewerStore) -> None:
        for page in range(6):
            await store.put_page("u", str(page), b"page", keys(*range(page * 10, page * 10 + 10)))
        served = (await store.read("u")).served
        assert served.tolist() == list(range(15, 60))
