"""What every `InteractionStore` does."""

import asyncio
import math
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.examples import NOW, event

from reels.core.keys import key_of
from reels.core.ports import EventColumns, InsertOutcome, InteractionStore
from reels.core.types import Event, EventKind

EVERYTHING = 100_000


async def _streamed(store: InteractionStore, batch: int = 50_000, before: float | None = None) -> list[EventColumns]:
    return [some async for some in store.stream(batch, before)]


@pytest.mark.anyio
class InteractionStoreContract:
    """Subclasses give a fixture `store`: empty."""

    async def test_an_event_comes_back_as_it_was_given(self, store: InteractionStore) -> None:
        full = event("u1", "e1", feed_id="f", position=3, creator_id="c", region="IN", kind=EventKind.LIKE)
        bare = Event("e2", "u1", "r2", EventKind.SKIP, NOW - 1)
        assert await store.insert([full, bare], NOW) == InsertOutcome(stored=(0, 1), duplicates=(), unreacted=(0,))
        assert await store.newest_of("u1", 10) == [full, bare]

    async def test_the_same_event_again_changes_nothing(self, store: InteractionStore) -> None:
        await store.insert([event("u1", "e1")], NOW)
        again = [event("u1", "e2"), event("u1", "e1", "another reel")]
        assert await store.insert(again, NOW + 1) == InsertOutcome(stored=(0,), duplicates=(1,), unreacted=(0,))
        assert {one.event_id: one.reel_id for one in await store.newest_of("u1", 10)} == {"e1": "r1", "e2": "r1"}

    async def test_twice_in_one_batch_is_a_duplicate_too(self, store: InteractionStore) -> None:
        batch = [event("u1", name) for name in ("e1", "e2", "e1", "e1")]
        assert await store.insert(batch, NOW) == InsertOutcome((0, 1), (2, 3), unreacted=(0,))
        assert await store.insert([], NOW) == InsertOutcome((), ())

    async def test_nobodys_id_shadows_anothers(self, store: InteractionStore) -> None:
        names = [("a", "e"), ("b", "e"), ("a:b", "c"), ("a", "b:c"), ("a%3Ab", "c"), ("a%3Ab:c", ""), ("a:b:c", "")]
        outcome = await store.insert([event(user, name) for user, name in names], NOW)
        assert outcome.duplicates == ()
        for user, name in names:
            assert name in [one.event_id for one in await store.newest_of(user, 10)]

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        batches=st.lists(
            st.lists(st.tuples(st.sampled_from(["u1", "u2"]), st.integers(0, 8)), max_size=12), min_size=1, max_size=6
        )
    )
    async def test_retries_in_any_order_store_each_event_once(
        self, store: InteractionStore, batches: list[list[tuple[str, int]]]
    ) -> None:
        run = uuid4().hex
        accepted: list[tuple[str, int]] = []
        for batch in batches:
            outcome = await store.insert([event(run + user, str(number)) for user, number in batch], NOW)
            assert sorted(outcome.stored + outcome.duplicates) == list(range(len(batch)))
            accepted += [batch[index] for index in outcome.stored]
        distinct = {one for batch in batches for one in batch}
        assert len(accepted) == len(distinct)
        assert set(accepted) == distinct
        for user in ("u1", "u2"):
            kept = [int(one.event_id) for one in await store.newest_of(run + user, EVERYTHING)]
            assert sorted(kept) == sorted(number for who, number in distinct if who == user)

    async def test_the_same_batch_at_the_same_time_is_stored_once(self, store: InteractionStore) -> None:
        batch = [event("u1", f"e{i}") for i in range(50)]
        outcomes = await asyncio.gather(*(store.insert(batch, NOW) for _ in range(8)))
        assert sorted(index for one in outcomes for index in one.stored) == list(range(50))
        assert len(await store.newest_of("u1", EVERYTHING)) == 50

    async def test_newest_first_of_some_kinds(self, store: InteractionStore) -> None:
        kinds = [EventKind.WATCH, EventKind.LIKE, EventKind.SKIP, EventKind.LIKE]
        await store.insert(
            [event("u1", f"e{i}", occurred_at=NOW + i, kind=kind) for i, kind in enumerate(kinds)], NOW + 10
        )
        await store.insert([event("u2", "e9", occurred_at=NOW + 9)], NOW + 10)

        async def ids(limit: int, only: list[EventKind] | None = None) -> list[str]:
            return [one.event_id for one in await store.newest_of("u1", limit, only)]

        assert await ids(10) == ["e3", "e2", "e1", "e0"]
        assert await ids(2) == ["e3", "e2"]
        assert await ids(10, [EventKind.LIKE]) == ["e3", "e1"]
        assert await ids(10, [EventKind.LIKE, EventKind.SKIP]) == ["e3", "e2", "e1"]
        assert await ids(10, []) == []
        assert await store.newest_of("nobody", 10) == []

    async def test_distinct_reels_newest_first(self, store: InteractionStore) -> None:
        seen = ["r1", "r2", "r1", "r3"]
        await store.insert([event("u1", f"e{i}", r, occurred_at=NOW + i) for i, r in enumerate(seen)], NOW)
        assert await store.reels_of("u1", 10) == ["r3", "r1", "r2"]
        assert await store.reels_of("u1", 2) == ["r3", "r1"]
        assert await store.reels_of("nobody", 10) == []

    async def test_of_each_batch_one_event_a_viewer_is_unreacted_until_marked(self, store: InteractionStore) -> None:
        both = await store.insert([event("u1", "e1"), event("u1", "e2"), event("u3", "e1")], NOW)
        assert both.unreacted == (0, 2)
        await store.insert([event("u2", "e1")], NOW + 5)
        imported = await store.insert([event("u1", "imported")], NOW, reacted=True)
        assert imported.unreacted == ()
        assert sorted((one.user_id, one.event_id) for one in await store.unreacted(NOW + 9, 10)) == [
            *(("u1", "e1"), ("u2", "e1"), ("u3", "e1"))
        ]
        assert {one.user_id for one in await store.unreacted(NOW + 5, 10)} == {"u1", "u3"}
        assert len(await store.unreacted(NOW + 9, 1)) == 1
        await store.mark_reacted({"u1": ["e1", "never there"], "u2": ["e1"]})
        await store.mark_reacted({})
        assert [(one.user_id, one.event_id) for one in await store.unreacted(NOW + 9, 10)] == [("u3", "e1")]

    async def test_where_the_first_was_there_before_another_new_event_is_unreacted(
        self, store: InteractionStore
    ) -> None:
        await store.insert([event("u1", "e1")], NOW, reacted=True)
        again = await store.insert([event("u1", "e1"), event("u2", "e1"), event("u1", "e2"), event("u1", "e3")], NOW)
        assert again == InsertOutcome((1, 2, 3), (0,), unreacted=(1, 2))
        assert sorted((one.user_id, one.event_id) for one in await store.unreacted(NOW + 9, 10)) == [
            *(("u1", "e2"), ("u2", "e1"))
        ]
        assert (await store.insert([event("u1", "e1"), event("u1", "e2")], NOW)).unreacted == ()

    async def test_callers_at_the_same_time_are_told_their_own(self, store: InteractionStore) -> None:
        await store.insert([event("u5", "e1"), event("u7", "e0")], NOW)
        batches = [[event(f"u{i}", f"e{j}") for j in range(i % 4)] for i in range(40)]
        outcomes = await asyncio.gather(*(store.insert(batch, NOW + 1) for batch in batches))
        for i, (batch, outcome) in enumerate(zip(batches, outcomes, strict=True)):
            there = {5: (), 7: (0,)}.get(i, ())
            assert outcome.duplicates == there
            assert outcome.stored == tuple(j for j in range(len(batch)) if j not in there)
            assert len(outcome.unreacted) == bool(batch)
        assert await store.count() == sum(map(len, batches)) + 1

    async def test_streams_columns_by_viewer_and_time(self, store: InteractionStore) -> None:
        given_events = [
            event("u2", "a", "r1", occurred_at=NOW + 2, kind=EventKind.UNBLOCK, watch_sec=None, duration_sec=None),
            event("u1", "b", "r2", occurred_at=NOW + 3),
            event("u1", "c", "r1", occurred_at=NOW + 1, kind=EventKind.IMPRESSION, watch_sec=None),
            event("u2", "d", "r3", occurred_at=NOW + 1, watch_sec=0.0),
        ]
        await store.insert(given_events, NOW)
        (all_of_it,) = await _streamed(store)
        assert all_of_it.user_id == ["u1", "u1", "u2", "u2"]
        assert all_of_it.reel.tolist() == [key_of(name) for name in ("r1", "r2", "r3", "r1")]
        assert [tuple(EventKind)[code] for code in all_of_it.kind] == ["impression", "watch", "watch", "unblock"]
        assert all_of_it.occurred_at.tolist() == [NOW + 1, NOW + 3, NOW + 1, NOW + 2]
        np.testing.assert_array_equal(all_of_it.watch_sec, np.array([math.nan, 3.5, 0, math.nan], np.float32))
        np.testing.assert_array_equal(all_of_it.duration_sec, np.array([12.5, 12.5, 12.5, math.nan], np.float32))
        dtypes = [all_of_it.reel.dtype, all_of_it.kind.dtype, all_of_it.occurred_at.dtype, all_of_it.watch_sec.dtype]
        assert dtypes == [np.int64, np.uint8, np.float64, np.float32]

    async def test_streams_in_batches_up_to_a_moment(self, store: InteractionStore) -> None:
        await store.insert([event("u1", f"e{i}", f"r{i}", occurred_at=NOW + i) for i in range(25)], NOW)
        await store.insert([event("u1", "late", occurred_at=NOW - 1)], NOW + 60)
        batches = await _streamed(store, batch=10, before=NOW + 60)
        assert [len(one.user_id) for one in batches] == [10, 10, 5]
        assert np.concatenate([one.occurred_at for one in batches]).tolist() == [NOW + i for i in range(25)]
        assert sum(len(one.user_id) for one in await _streamed(store)) == 26
        assert await _streamed(store, before=NOW) == []

    async def test_counts_recent_by_reel_region_and_kind(self, store: InteractionStore) -> None:
        await store.insert([event("u0", "old")], NOW - 0.5)
        await store.insert(
            [
                event("u1", "a", "r1", region="IN"),
                event("u2", "b", "r1", region="IN"),
                event("u3", "c", "r1"),
                event("u3", "d", "r1", kind=EventKind.LIKE),
                event("u3", "e", "r2", occurred_at=NOW - 86_400),
            ],
            NOW,
        )
        await store.insert([event("u1", "next")], NOW + 10)
        assert sorted(await store.count_recent(NOW, NOW + 10)) == [
            *(("r1", "", "like", 1), ("r1", "", "watch", 1), ("r1", "IN", "watch", 2), ("r2", "", "watch", 1))
        ]
        assert await store.count_recent(NOW + 11, NOW + 20) == []

    async def test_counts_impressions(self, store: InteractionStore) -> None:
        shown = [event(f"u{i}", "e", "r1", kind=EventKind.IMPRESSION) for i in range(3)]
        await store.insert([*shown, event("u1", "w", "r1"), event("u1", "v", "r2")], NOW)
        counted = await store.impressions(["r1", "r2", "r3"])
        assert counted == {"r1": 3, "r2": 0, "r3": 0}
        assert await store.impressions([]) == {}

    async def test_counts(self, store: InteractionStore) -> None:
        assert await store.count() == 0
        await store.insert([event("u1", "a"), event("u1", "b")], NOW)
        assert await store.count() == 2
