import asyncio
import itertools
import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels_app.api_client import ApiBusy, ApiRefused, ApiUnreachable, Receipt
from reels_app.events import ABANDONED, DRAFT_KEY, PENDING_KEY, Event, EventQueue, Pace
from reels_app.storage import MemoryStore

pytestmark = pytest.mark.anyio


class Api:
    """Keeps one event an id, and fails as told; `took` is set when it took a batch."""

    def __init__(self, *troubles: Exception | None, after_storing: bool = False) -> None:
        self.troubles = list(troubles)
        self.after_storing = after_storing
        self.kept: dict[str, Event] = {}
        self.batches: list[int] = []
        self.poison: str | None = None
        self.took = asyncio.Event()

    async def send_events(self, events: Sequence[Event]) -> Receipt:
        self.batches.append(len(events))
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble and not self.after_storing:
            raise trouble
        if any(event["reel_id"] == self.poison for event in events):
            raise ApiRefused(422, "cannot read")
        before = len(self.kept)
        self.kept.update({event["event_id"]: event for event in events})
        if trouble:
            raise trouble
        self.took.set()
        stored = len(self.kept) - before
        return Receipt(stored, len(events) - stored, ())


def queue_to(api: Api, store: MemoryStore | None = None, pace: Pace | None = None) -> EventQueue:
    ids = itertools.count()
    return EventQueue(
        api, store or MemoryStore(), lambda: 1000.5, lambda: f"e{next(ids)}", pace or Pace(), random.Random(7)
    )


async def test_what_happened_is_sent_in_order_with_its_time() -> None:
    api = Api()
    queue = queue_to(api)
    queue.add("like", "r1", feed_id="f", position=None)
    queue.add("watch", "r1", watch_sec=2.5)
    assert await queue.flush()
    assert list(api.kept.values()) == [
        {"event_id": "e0", "reel_id": "r1", "kind": "like", "occurred_at": 1000500, "feed_id": "f"},
        {"event_id": "e1", "reel_id": "r1", "kind": "watch", "occurred_at": 1000500, "watch_sec": 2.5},
    ]
    assert not queue.pending


async def test_batches_stay_small() -> None:
    api = Api()
    queue = queue_to(api, pace=Pace(batch=100))
    for _ in range(250):
        queue.add("watch", "r")
    await queue.flush()
    assert api.batches == [100, 100, 50]


@pytest.mark.parametrize("trouble", [ApiUnreachable("gone"), ApiBusy(503, 3.0), ApiRefused(401, "who?")])
async def test_nothing_is_lost_while_the_api_is_away(trouble: Exception) -> None:
    api, store = Api(trouble), MemoryStore()
    queue = queue_to(api, store)
    queue.add("like", "r1")
    assert not await queue.flush()
    assert json.loads(store.values[PENDING_KEY])[0]["reel_id"] == "r1"
    assert await queue.flush()
    assert len(api.kept) == 1
    assert json.loads(store.values[PENDING_KEY]) == []


async def test_an_answer_that_got_lost_does_not_double_anything() -> None:
    api = Api(ApiUnreachable("the line broke after the API had stored it"), after_storing=True)
    queue = queue_to(api)
    queue.add("like", "r1")
    assert not await queue.flush()
    assert await queue.flush()
    assert list(api.kept) == ["e0"]


async def test_a_restarted_app_sends_what_the_last_one_could_not() -> None:
    store, api = MemoryStore(), Api(ApiUnreachable("gone"))
    earlier = queue_to(api, store)
    earlier.add("save", "r1")
    await earlier.flush()
    later = queue_to(api, store)
    later.make_id = lambda: "new"
    later.add("like", "r2")
    assert await later.restore() == 1
    await later.flush()
    assert list(api.kept) == ["e0", "new"]


@pytest.mark.parametrize("kept", ["", "no json", '[{"no": "id"}]', "[1]"])
async def test_unreadable_kept_events_do_not_stop_the_app(kept: str) -> None:
    store = MemoryStore()
    store.values[PENDING_KEY] = kept
    assert await queue_to(Api(), store).restore() == 0


async def test_one_refused_event_does_not_hold_up_the_rest() -> None:
    api = Api()
    api.poison = "bad"
    queue = queue_to(api)
    for reel in ("a", "b", "bad", "c", "d"):
        queue.add("watch", reel)
    assert await queue.flush()
    assert sorted(event["reel_id"] for event in api.kept.values()) == ["a", "b", "c", "d"]
    assert not queue.pending


async def test_waits_grow_with_failures_and_obey_the_api() -> None:
    queue = queue_to(Api(*[ApiUnreachable("gone")] * 9, ApiBusy(503, 120.0)), pace=Pace(interval=4.0))
    queue.add("like", "r")
    assert queue.next_delay() == 4.0
    delays = []
    for _ in range(9):
        await queue.flush()
        delays.append(queue.next_delay())
    assert 0.5 <= delays[0] <= 1.0
    assert delays[5] > delays[0]
    assert max(delays) <= 60.0
    await queue.flush()
    assert queue.next_delay() >= 120.0
    await queue.flush()
    assert queue.next_delay() == 4.0


async def test_the_loop_sends_at_its_pace_and_sooner_when_woken() -> None:
    api = Api()
    gate = asyncio.Event()

    async def never(_: float) -> None:
        await gate.wait()

    queue = queue_to(api)
    queue.pause = never
    task = asyncio.create_task(queue.run())
    await asyncio.sleep(0)
    queue.add("like", "r")
    queue.wake()
    await api.took.wait()
    task.cancel()
    assert api.batches == [1]


async def test_when_room_runs_out_wishes_outlive_watching() -> None:
    queue = queue_to(Api(), pace=Pace(keep=3, batch=100))
    for kind in ("block", "impression", "watch", "like", "watch"):
        queue.add(kind, "r")
    assert [event["kind"] for event in queue.pending.values()] == ["block", "like", "watch"]


@given(st.lists(st.sampled_from(["ok", "down", "lost"]), max_size=12), st.integers(1, 40))
def test_whatever_the_line_does_every_event_arrives_exactly_once(line: list[str], count: int) -> None:
    async def scene() -> None:
        api = Api()
        queue = queue_to(api, pace=Pace(batch=7))
        for number in range(count):
            queue.add("watch", f"r{number}")
            if number < len(line):
                api.after_storing = line[number] == "lost"
                api.troubles = [] if line[number] == "ok" else [ApiUnreachable("gone")]
                await queue.flush()
        api.troubles = []
        assert await queue.flush()
        assert [event["reel_id"] for event in api.kept.values()] == [f"r{n}" for n in range(count)]

    asyncio.run(scene())


def drafting(api: Api, store: MemoryStore, clock: list[float], first_id: int = 0) -> EventQueue:
    ids = itertools.count(first_id)
    return EventQueue(api, store, lambda: clock[0], lambda: f"e{next(ids)}", Pace(), random.Random(7))


async def test_an_app_that_dies_leaves_a_draft_that_the_next_one_sends() -> None:
    api, store, clock = Api(), MemoryStore(), [1000.0]
    dies = drafting(api, store, clock)
    dies.unfinished = lambda: dies.make("watch", "r1", "w1", watch_sec=8.0)
    await dies.draft()
    later = drafting(api, store, clock, 50)
    await later.restore()
    await later.draft()
    assert not later.pending
    clock[0] += ABANDONED
    await later.draft()
    await later.flush()
    assert api.kept["w1"]["watch_sec"] == 8.0


async def test_the_draft_of_another_tab_that_lives_is_left_to_it() -> None:
    api, store, clock = Api(), MemoryStore(), [1000.0]
    lives = drafting(api, store, clock)
    lives.unfinished = lambda: lives.make("watch", "r1", "w1", watch_sec=clock[0] - 990)
    await lives.draft()
    other = drafting(api, store, clock, 50)
    await other.restore()
    clock[0] += ABANDONED
    await lives.draft()
    await other.draft()
    assert not other.pending


async def test_a_draft_is_written_only_when_it_changed() -> None:
    class Counting(MemoryStore):
        writes = 0

        async def write(self, key: str, value: str) -> None:
            self.writes += 1
            await super().write(key, value)

    store = Counting()
    queue = drafting(Api(), store, [1000.0])
    for _ in range(3):
        await queue.draft()
    queue.unfinished = lambda: queue.make("watch", "r1", "w1", watch_sec=1.0)
    for _ in range(3):
        await queue.draft()
    assert store.writes == 1


async def test_an_unreadable_draft_is_dropped() -> None:
    store, clock = MemoryStore(), [1000.0]
    await store.write(DRAFT_KEY, "[broken")
    queue = drafting(Api(), store, clock)
    await queue.restore()
    clock[0] += ABANDONED
    await queue.draft()
    assert not queue.pending


async def test_draining_ends_with_everything_sent_or_with_its_time() -> None:
    api = Api(ApiUnreachable("away"), ApiUnreachable("away"))
    queue = queue_to(api, pace=Pace(first_retry=0.001))
    queue.add("like", "r1")
    assert await queue.drain(30.0)
    assert list(api.kept) == ["e0"]
    never = queue_to(Api(*[ApiUnreachable("away")] * 9999), pace=Pace(first_retry=0.001, longest_retry=0.002))
    never.add("like", "r1")
    assert not await never.drain(0.05)
