"""What every `ReelStore` does."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.examples import NOW, reel

from reels.core.catalogue_changes import CatalogueChanges
from reels.core.ports import ReelStore, StoredReel, UpsertCounts
from reels.core.types import Reel, ReelStats, ReelStatus

_WORDS = st.characters(codec="utf-8")


async def _everything(store: ReelStore, batch: int = 2000) -> list[StoredReel]:
    return [one async for some in store.stream(batch) for one in some]


@pytest.mark.anyio
class ReelStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_a_reel_comes_back_as_it_was_given(self, store: ReelStore) -> None:
        given_reels = [reel("r1"), Reel("bare"), reel("r3", status=ReelStatus.REMOVED, published_at=None)]
        assert await store.upsert(given_reels, NOW) == UpsertCounts(new=3)
        found = await store.get(["r1", "bare", "r3", "nobody"])
        assert {reel_id: one.reel for reel_id, one in found.items()} == {one.reel_id: one for one in given_reels}
        assert found["r1"].added_at == NOW

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        title=st.text(_WORDS, max_size=20),
        tags=st.lists(st.text(_WORDS, max_size=5), max_size=3),
        retention=st.none() | st.floats(0, 1),
        published=st.none() | st.floats(0, 4e9),
    )
    async def test_any_text_and_number_comes_back(
        self, store: ReelStore, title: str, tags: list[str], retention: float | None, published: float | None
    ) -> None:
        stats = ReelStats(views=2**40, retention_rate=retention)
        one = reel("r", title=title, tags=tuple(tags), stats=stats, published_at=published)
        await store.upsert([one], NOW)
        assert (await store.get(["r"]))["r"].reel == one

    async def test_only_what_differs_is_written(self, store: ReelStore) -> None:
        await store.upsert([reel("r1"), reel("r2")], NOW)
        before = await store.get(["r1", "r2"])
        again = [reel("r1"), reel("r2", title="other"), reel("r3")]
        assert await store.upsert(again, NOW + 60) == UpsertCounts(new=1, updated=1, unchanged=1)
        after = await store.get(["r1", "r2"])
        assert after["r1"] == before["r1"]
        assert after["r2"].updated_at > before["r2"].updated_at
        assert after["r2"].added_at == before["r2"].added_at
        assert after["r2"].reel.title == "other"

    async def test_of_a_reel_given_twice_the_last_counts(self, store: ReelStore) -> None:
        counts = await store.upsert([reel("r1", title="first"), reel("r1", title="last")], NOW)
        assert counts == UpsertCounts(new=1, unchanged=1)
        assert (await store.get(["r1"]))["r1"].reel.title == "last"

    async def test_the_hash_follows_the_cleaned_text_alone(self, store: ReelStore) -> None:
        texts = {"a": "Cats!", "b": "CATS!!", "c": "dogs"}
        await store.upsert([reel(name, title=text, duration_sec=len(text)) for name, text in texts.items()], NOW)
        found = await store.get(list(texts))
        assert found["a"].content_hash == found["b"].content_hash != found["c"].content_hash

    async def test_nothing_given_nothing_done(self, store: ReelStore) -> None:
        assert await store.upsert([], NOW) == UpsertCounts()
        assert await store.get([]) == {}
        assert await store.set_status([], ReelStatus.BLOCKED, NOW) == 0

    async def test_a_catalogue_file_does_not_lift_a_block(self, store: ReelStore) -> None:
        await store.upsert([reel("r1"), reel("r2", status=ReelStatus.REMOVED)], NOW)
        assert await store.set_status(["r1", "nobody"], ReelStatus.BLOCKED, NOW + 1) == 1
        assert await store.upsert([reel("r1"), reel("r2")], NOW + 2) == UpsertCounts(updated=1, unchanged=1)
        found = await store.get(["r1", "r2"])
        assert [found[name].reel.status for name in ("r1", "r2")] == [ReelStatus.BLOCKED, ReelStatus.ACTIVE]
        assert await store.set_status(["r1"], ReelStatus.ACTIVE, NOW + 3) == 1
        assert (await store.get(["r1"]))["r1"].reel.status is ReelStatus.ACTIVE

    async def test_setting_the_same_status_changes_nothing(self, store: ReelStore) -> None:
        await store.upsert([reel("r1")], NOW)
        before = await store.get(["r1"])
        assert await store.set_status(["r1"], ReelStatus.ACTIVE, NOW + 1) == 0
        assert await store.get(["r1"]) == before

    async def test_changes_come_oldest_first_and_distinct(self, store: ReelStore) -> None:
        await store.upsert([reel("z"), reel("a"), reel("m")], NOW)
        await store.set_status(["a"], ReelStatus.BLOCKED, NOW + 5)
        changes = await store.changed_since(0, 10)
        assert [reel_id for reel_id, _ in changes] == ["z", "m", "a"]
        assert len({stamp for _, stamp in changes}) == 3
        assert dict(changes) == {name: one.updated_at for name, one in (await store.get(["z", "m", "a"])).items()}
        assert await store.changed_since(0, 2) == changes[:2]
        assert await store.changed_since(changes[1][1], 10) == changes[1:]
        assert await store.changed_since(changes[-1][1] + 1, 10) == []

    async def test_a_change_is_later_than_all_before_even_with_a_slow_clock(self, store: ReelStore) -> None:
        await store.upsert([reel("r1"), reel("r2")], NOW)
        newest = (await store.changed_since(0, 10))[-1][1]
        await store.set_status(["r1"], ReelStatus.BLOCKED, NOW - 3600)
        await store.upsert([reel("r3")], NOW - 3600)
        assert [reel_id for reel_id, _ in await store.changed_since(newest + 5e-7, 10)] == ["r1", "r3"]

    async def test_a_touched_reel_counts_as_changed(self, store: ReelStore) -> None:
        await store.upsert([reel("r1"), reel("r2")], NOW)
        assert await store.touch(["r1", "nobody"], NOW + 1) == 1
        assert [reel_id for reel_id, _ in await store.changed_since(NOW + 1, 10)] == ["r1"]
        assert (await store.get(["r1"]))["r1"].reel == reel("r1")

    async def test_writers_of_the_same_reels_lose_no_change(self, store: ReelStore) -> None:
        """All at the same moment by their clocks; each reel ends as one of them wrote it, and is told as that."""
        follower = CatalogueChanges(store)
        titles = [f"by {writer}" for writer in range(6)]

        async def write(title: str) -> UpsertCounts:
            return await store.upsert([reel(f"r{i}", title=title) for i in range(40)], NOW)

        counts, polled = await asyncio.gather(asyncio.gather(*map(write, titles)), self._poll(follower, 10))
        assert sum(one.new for one in counts) == 40
        assert sum(one.new + one.updated for one in counts) == 240
        known = {one.reel.reel_id: one for one in [*polled, *await follower.poll(NOW + 9)]}
        assert known == {one.reel.reel_id: one for one in await _everything(store)}

    async def test_a_block_holds_against_an_import_at_the_same_time(self, store: ReelStore) -> None:
        names = [f"r{i}" for i in range(10)]
        for _ in range(5):
            await store.set_status(names, ReelStatus.REMOVED, NOW)
            await store.upsert([reel(name, status=ReelStatus.REMOVED) for name in names], NOW)
            await asyncio.gather(
                store.upsert([reel(name) for name in names], NOW),
                store.set_status(names, ReelStatus.BLOCKED, NOW),
                store.upsert([reel(name, title="new") for name in names], NOW),
            )
            assert {one.reel.status for one in (await store.get(names)).values()} == {ReelStatus.BLOCKED}

    async def _poll(self, follower: CatalogueChanges, times: int) -> list[StoredReel]:
        return [one for _ in range(times) for one in await follower.poll(NOW)]

    async def test_the_whole_catalogue_in_order_of_ids(self, store: ReelStore) -> None:
        await store.upsert([reel(f"r{i:02}") for i in reversed(range(25))], NOW)
        batches = [len(some) async for some in store.stream(10)]
        assert batches == [10, 10, 5]
        assert [one.reel.reel_id for one in await _everything(store, 7)] == [f"r{i:02}" for i in range(25)]
        assert await store.count() == 25

    async def test_newest_by_publication_else_arrival(self, store: ReelStore) -> None:
        await store.upsert(
            [
                reel("old", published_at=NOW - 100),
                reel("arrived", published_at=None),
                reel("blocked", published_at=NOW, status=ReelStatus.BLOCKED),
                reel("new", published_at=NOW + 100),
            ],
            NOW,
        )
        newest = await store.newest(NOW + 1000, 10)
        assert [one.reel.reel_id for one in newest] == ["new", "arrived", "old"]
        assert [one.reel.reel_id for one in await store.newest(NOW + 100, 1)] == ["arrived"]

    async def test_newest_pages_over_reels_of_one_moment(self, store: ReelStore) -> None:
        await store.upsert([reel(f"r{i}", published_at=NOW) for i in range(7)], NOW)
        paged: list[str] = []
        before, before_id = NOW + 1, ""
        while page := await store.newest(before, 3, before_id):
            paged += [one.reel.reel_id for one in page]
            before, before_id = page[-1].reel.published_at or 0.0, page[-1].reel.reel_id
        assert sorted(paged) == [f"r{i}" for i in range(7)]

    async def test_most_viewed_without_blocked(self, store: ReelStore) -> None:
        await store.upsert([reel(f"r{views}", stats=ReelStats(views=views)) for views in (5, 500, 50)], NOW)
        await store.upsert([reel("blocked", status=ReelStatus.BLOCKED, stats=ReelStats(views=5000))], NOW)
        assert [one.reel.reel_id for one in await store.most_viewed(2)] == ["r500", "r50"]
