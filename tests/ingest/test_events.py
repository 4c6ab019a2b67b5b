import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.conftest import Database
from tests.ingesting import ME, NOW, Worker, batch, event, prepare, worker
from tests.waiting import eventually_async

from reels.core.errors import BadRequest, StoreUnavailable
from reels.core.keys import key_of, keys_of
from reels.core.types import Event, EventKind, UserState
from reels.core.user_state import digest, pack, unpack
from reels.ingest.reactions.state import StateReaction
from reels.ingest.wire_event import TooManyEvents
from reels.stores.local import LocalStores

pytestmark = pytest.mark.anyio


@pytest.fixture
async def one(mongo: Database, redis: Any, redis_url: str) -> AsyncIterator[Worker]:
    await prepare(mongo)
    async with worker(mongo, redis_url) as made:
        yield made


async def state_in_redis(one: Worker, user_id: str = ME) -> UserState | None:
    packed = (await one.viewers.read(user_id)).state
    return None if packed is None else unpack(packed)


async def test_stored_events_are_on_disk_and_obeyed_at_once(one: Worker) -> None:
    await one.rebuild(ME)
    receipt = await one.ingest.take(ME, batch(event("a"), event("b", "block", "r2")), NOW)
    assert (receipt.stored, receipt.duplicates, receipt.rejected) == (2, 0, ())
    state = await state_in_redis(one)
    assert state is not None
    assert state.liked.tolist() == [key_of("r1")]
    assert state.blocked.tolist() == [key_of("c2")]
    seen = (await one.viewers.read(ME)).seen
    assert seen is not None
    assert set(seen.tolist()) == set(keys_of(["r1", "r2"]).tolist())
    assert await one.interactions.count() == 2


async def test_the_first_event_of_a_viewer_redis_does_not_know_makes_the_state(one: Worker) -> None:
    await one.ingest.take(ME, batch(event("a")), NOW)
    state = await state_in_redis(one)
    assert state is not None
    assert (state.region, state.liked.tolist()) == ("IN", [key_of("r1")])


async def test_a_batch_sent_again_counts_once(one: Worker) -> None:
    body = batch(event("a"), event("b", "watch", watch_sec=3))
    await one.ingest.take(ME, body, NOW)
    again = await one.ingest.take(ME, body, NOW + 1)
    assert (again.stored, again.duplicates) == (0, 2)
    twice = await one.ingest.take(ME, batch(event("c"), event("c")), NOW)
    assert (twice.stored, twice.duplicates) == (1, 1)
    assert await one.interactions.count() == 3


async def test_a_retry_after_a_crash_between_store_and_reaction_is_obeyed_when_acknowledged(one: Worker) -> None:
    await one.rebuild(ME)
    await one.ingest.take(ME, batch(event("a")), NOW)
    await one.viewers.put_state(ME, pack(UserState(ME)), only_if_absent=False)  # as if the reaction had not run
    await one.ingest.take(ME, batch(event("a")), NOW + 1)
    state, _ = await one.rebuild(ME)
    assert state.liked.tolist() == [key_of("r1")]
    kept = await state_in_redis(one)
    assert kept is not None
    assert kept.liked.tolist() == [key_of("r1")]


async def test_bad_items_are_rejected_alone_with_index_and_reason(one: Worker) -> None:
    bad = {
        "kind": event("x", kind="clap"),
        "event_id": event("with blank"),
        "occurred_at": event("old", at=NOW - 31 * 86_400),
        "watch_sec": event("neg", "watch", watch_sec=-1),
        "reel_id: no such reel": event("gone", reel="nope"),
        "creator": event("whose", "follow", reel="nobodys"),
        "position": event("pos", position=-1),
        "feed_id": event("feed", feed_id="a b"),
    }
    receipt = await one.ingest.take(ME, batch(event("good"), *bad.values(), 7, None, [], "x"), NOW)
    assert receipt.stored == 1
    assert [one.index for one in receipt.rejected] == list(range(1, len(bad) + 5))
    for word, rejection in zip(bad, receipt.rejected, strict=False):
        assert word in rejection.reason


@pytest.mark.parametrize(
    ("given", "good"),
    [
        (NOW * 1000, True),
        (int((NOW + 299) * 1000), True),
        (int((NOW + 301) * 1000), False),
        (int((NOW - 29 * 86_400) * 1000), True),
        (NOW, False),  # seconds are not milliseconds
        (10**400, False),
        (-(10**30), False),
        ("2026-01-01T00:00:00Z", True),
        ("2026-01-01T05:30:00+05:30", True),
        ("2026-01-01T00:00:00", False),  # no offset
        ("0001-01-01T00:00:00+14:00", False),
        ("yesterday", False),
        (True, False),
        (None, False),
    ],
)
async def test_when_it_happened_is_milliseconds_or_iso_within_reason(one: Worker, given: Any, good: bool) -> None:
    item = {**event("a"), "occurred_at": given}
    receipt = await one.ingest.take(ME, json.dumps({"events": [item]}).encode(), NOW)
    assert (receipt.stored == 1) is good
    if not good:
        assert "occurred_at" in receipt.rejected[0].reason


async def test_odd_json_spoils_no_neighbour(one: Worker) -> None:
    good = json.dumps(event("a"))
    body = f'{{"events": [{good}, {{"event_id": "\\ud800"}}, {{"watch_sec": NaN}}, {{"x": 1e999}}]}}'
    receipt = await one.ingest.take(ME, body.encode(), NOW)
    assert receipt.stored == 1
    assert [one.index for one in receipt.rejected] == [1, 2, 3]


async def test_an_event_that_nests_too_deeply_is_rejected_alone(one: Worker) -> None:
    good, deep = json.dumps(event("a")), "[" * 5000 + '"]"' + "]" * 5000
    hidden = json.dumps(event("b"))[:-1] + f', "more": {{"x": {deep}}}}}'
    escaped = json.dumps(event("c", more='"[{\\'))
    body = f'{{"more": {deep}, "events": [{good}, {deep}, {hidden}, {escaped}]}}'
    receipt = await one.ingest.take(ME, body.encode(), NOW)
    assert receipt.stored == 2
    assert [(one.index, one.reason) for one in receipt.rejected] == [
        (1, "event: nested too deeply"),
        (2, "event: nested too deeply"),
    ]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"events": {}}', b"\xff", b'{"events": [', b"[" * 100_000, b'{"events":null}']
)
async def test_a_body_that_is_no_batch_is_refused_whole(one: Worker, body: bytes) -> None:
    with pytest.raises(BadRequest):
        await one.ingest.take(ME, body, NOW)


async def test_at_most_500_events_are_taken_at_once(one: Worker) -> None:
    receipt = await one.ingest.take(ME, batch(*(event(f"e{i}", "impression") for i in range(500))), NOW)
    assert receipt.stored == 500
    with pytest.raises(TooManyEvents):
        await one.ingest.take(ME, batch(*(event(f"f{i}") for i in range(501))), NOW)


async def test_duration_creator_and_region_are_filled_in(one: Worker) -> None:
    await one.ingest.take(ME, batch(event("a", "watch", watch_sec=5), event("b", "follow", "r3")), NOW)
    by_kind = {stored.kind: stored for stored in await one.interactions.newest_of(ME, 10)}
    assert by_kind[EventKind.WATCH].duration_sec == 10
    assert by_kind[EventKind.FOLLOW].creator_id == "c3"
    assert by_kind[EventKind.WATCH].creator_id == ""
    assert {stored.region for stored in by_kind.values()} == {"IN"}


async def test_reactions_that_ran_are_marked(one: Worker) -> None:
    await one.ingest.take(ME, batch(event("a"), event("b")), NOW)
    await one.marked()
    assert await one.unreacted() == 0


async def test_two_workers_updating_one_viewer_at_once_lose_nothing(
    one: Worker, mongo: Database, redis_url: str
) -> None:
    async with worker(mongo, redis_url) as other:
        kinds = ["like", "save", "watch", "skip", "share", "not_interested", "follow", "unlike"]
        requests = [
            (one, other)[i % 2].ingest.take(
                ME, batch(event(f"e{i}", kinds[i % 8], f"r{i % 10}", at=NOW - i), event(f"i{i}", "impression")), NOW
            )
            for i in range(60)
        ]
        receipts = await asyncio.gather(*requests)
    assert sum(receipt.stored for receipt in receipts) == 120
    kept = await state_in_redis(one)
    seen = (await one.viewers.read(ME)).seen
    await one.viewers.drop_state([ME])
    wanted, all_seen = await one.rebuild(ME)
    assert seen is not None
    np.testing.assert_array_equal(np.unique(seen), all_seen)
    assert kept is not None
    assert digest(kept) == digest(wanted)


async def test_with_redis_down_events_are_acknowledged_and_obeyed_once_it_is_back(
    one: Worker, stores: LocalStores
) -> None:
    await one.rebuild(ME)
    stores.valkey.stop()
    try:
        receipt = await one.ingest.take(ME, batch(event("a")), NOW)
        assert receipt.stored == 1
        assert ME in one.ingest.stale
        assert (await one.rebuild(ME))[0].liked.tolist() == [key_of("r1")]
        await one.marked()
        assert await one.unreacted() == 1
        with pytest.raises(StoreUnavailable):
            await one.replay.run_once(NOW + 10)
        assert ME in one.ingest.stale
    finally:
        stores.valkey.start()

    async def replayed() -> bool:
        try:
            return await one.replay.run_once(NOW + 10) == 1
        except StoreUnavailable:  # the breaker still rests
            return False

    await eventually_async(replayed)
    assert ME not in one.ingest.stale
    assert await one.unreacted() == 0


async def test_the_replay_drops_what_a_crashed_worker_left_and_leaves_the_young_alone(one: Worker) -> None:
    await one.viewers.put_state(ME, pack(UserState(ME)), only_if_absent=False)
    receipt = await one.ingest.take("u_other", batch(event("young")), NOW)
    assert receipt.stored == 1
    await one.marked()
    await crashed(one)
    assert await one.replay.run_once(NOW + 2) == 0
    assert await one.replay.run_once(NOW + 6) == 1
    assert await state_in_redis(one) is None
    assert await state_in_redis(one, "u_other") is not None


async def crashed(one: Worker) -> None:
    """A worker that stored an event and died."""
    await one.interactions.insert([Event("lost", ME, "r1", EventKind.LIKE, NOW)], NOW)


async def test_with_mongodb_hanging_nothing_is_half_done_and_a_retry_counts_once(
    one: Worker, stores: LocalStores, mongo: Database
) -> None:
    await one.rebuild(ME)
    body = batch(event("a"), event("b", "save"))
    stores.mongod.pause()
    try:
        with pytest.raises(StoreUnavailable) as failure:
            await one.ingest.take(ME, body, NOW)
        assert failure.value.retry_after_sec > 0
        state = await state_in_redis(one)
        assert state is not None
        assert state.is_cold
    finally:
        stores.mongod.resume()

    async def taken() -> int:
        try:
            receipt = await one.ingest.take(ME, body, NOW + 5)
        except StoreUnavailable:
            return 0
        return receipt.stored + receipt.duplicates

    assert await eventually_async(taken, timeout=30) == 2
    assert await one.interactions.count() == 2
    state, _ = await one.rebuild(ME)
    assert (state.liked.tolist(), state.saved.tolist()) == ([key_of("r1")], [key_of("r1")])


async def test_a_reset_forgets_taste_and_keeps_seen(one: Worker) -> None:
    await one.ingest.take(ME, batch(event("a", at=NOW - 10), event("b", "block", "r2", at=NOW - 10)), NOW)
    await one.users.reset(ME, NOW)
    await one.viewers.drop_state([ME])
    state, seen = await one.rebuild(ME)
    assert state.is_cold
    assert len(state.liked) == 0
    assert state.blocked.tolist() == [key_of("c2")]
    assert len(seen) == 2


async def test_a_state_of_another_version_is_rebuilt(one: Worker) -> None:
    await one.viewers.put_state(ME, b"something older", only_if_absent=False)
    await one.ingest.take(ME, batch(event("a")), NOW)
    state = await state_in_redis(one)
    assert state is not None
    assert state.liked.tolist() == [key_of("r1")]


async def test_one_failing_reaction_costs_nothing_but_the_mark(one: Worker) -> None:
    class Broken:
        name = "broken"

        async def on_events(self, user_id: str, events: object) -> None:
            raise RuntimeError("a bug")

    ingest = replace(one.ingest, reactions=[Broken()])
    receipt = await ingest.take(ME, batch(event("a")), NOW)
    assert receipt.stored == 1
    assert ME in ingest.stale
    await one.marked()
    assert await one.unreacted() == 1


async def test_a_rebuild_that_read_too_early_and_wrote_in_between_does_not_hide_an_acknowledged_event(
    one: Worker,
) -> None:
    early = pack((await one.rebuild(ME))[0])
    await one.viewers.drop_state([ME])
    generation = (await one.viewers.read(ME)).generation
    raced: list[bool] = []

    class Racing(StateReaction):
        """Another request's rebuild puts its early state right after this one found none."""

        async def _folded(self, user_id: str, events: Sequence[Event]) -> bool:
            folded = await super()._folded(user_id, events)
            if not raced:
                raced.append(await one.viewers.put_state(ME, early, only_if_absent=True, generation=generation))
            return folded

    ingest = replace(one.ingest, reactions=[Racing(one.viewers, one.rebuild)])
    await ingest.take(ME, batch(event("a")), NOW)
    assert raced == [True]
    state = await state_in_redis(one)
    assert state is not None
    assert state.liked.tolist() == [key_of("r1")]
    assert ME not in ingest.stale


async def test_a_receipt_tells_how_old_the_stored_events_were_and_how_long_each_stage_took(one: Worker) -> None:
    ticks = iter([0.0, 0.001, 0.003, 0.007, 0.015, 0.015])
    ingest = replace(one.ingest, ticks=lambda: next(ticks))
    receipt = await ingest.take(ME, batch(event("a", at=NOW - 90), event("b", at=NOW - 3), {}), NOW)
    assert receipt.ages_sec == pytest.approx((90.0, 3.0))
    assert receipt.reacted
    assert receipt.timings_ms == pytest.approx({"read": 1, "look up": 2, "store": 4, "react": 8, "total": 15})


async def test_a_receipt_tells_when_the_reactions_are_left_to_the_replay(one: Worker) -> None:
    class Slow:
        name = "slow"

        async def on_events(self, user_id: str, events: object) -> None:
            await asyncio.sleep(30)

    ingest = replace(one.ingest, reactions=[Slow()], reaction_deadline_sec=0.01)
    receipt = await ingest.take(ME, batch(event("a")), NOW)
    assert (receipt.stored, receipt.reacted) == (1, False)
