"""What every `Reaction` does. Inherit, and give `make` and `kept`."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from tests.conftest import Database
from tests.ingesting import ME, NOW, Worker, prepare, worker

from reels.core.errors import StoreUnavailable
from reels.core.ports import ViewerStore
from reels.core.types import Event, EventKind
from reels.ingest.reactions.reaction import Reaction
from reels.ingest.rebuild import Rebuild
from reels.stores.redis import connect as redis_connect
from reels.stores.redis.viewers import RedisViewers

EVENTS = [
    Event("e1", ME, "r1", EventKind.LIKE, NOW - 50),
    Event("e2", ME, "r2", EventKind.WATCH, NOW - 40, watch_sec=9.0, duration_sec=10.0),
    Event("e3", ME, "r1", EventKind.UNLIKE, NOW - 30),
    Event("e4", ME, "r3", EventKind.BLOCK, NOW - 20, creator_id="c3"),
    Event("e5", ME, "r4", EventKind.IMPRESSION, NOW - 10),
    Event("e6", ME, "r5", EventKind.SKIP, NOW - 5, watch_sec=1.0, duration_sec=10.0),
]
ORDERS = {"as they happened": EVENTS, "backwards": EVENTS[::-1], "mixed": EVENTS[3:] + EVENTS[:3]}


@pytest.mark.anyio
class ReactionContract:
    def make(self, viewers: ViewerStore, rebuild: Rebuild) -> Reaction:
        raise NotImplementedError

    async def kept(self, viewers: ViewerStore) -> object:
        """What it keeps of `ME` in the store, to be compared; None where there is nothing."""
        raise NotImplementedError

    @pytest.fixture
    async def one(self, mongo: Database, redis: Any, redis_url: str) -> AsyncIterator[Worker]:
        await prepare(mongo)
        async with worker(mongo, redis_url) as made:
            yield made

    async def _wanted(self, one: Worker) -> object:
        """What is folded from MongoDB alone."""
        await one.viewers.drop_state([ME])
        await one.rebuild(ME)
        return await self.kept(one.viewers)

    async def _react(self, one: Worker, *batches: Sequence[Event]) -> object:
        reaction = self.make(one.viewers, one.rebuild)
        for batch in batches:
            await one.interactions.insert(batch, NOW)
            await reaction.on_events(ME, batch)
        return await self.kept(one.viewers)

    @pytest.mark.parametrize("order", ORDERS)
    async def test_one_by_one_in_any_order_it_keeps_what_mongodb_says(self, one: Worker, order: str) -> None:
        await one.rebuild(ME)
        before = await self.kept(one.viewers)
        kept = await self._react(one, *([event] for event in ORDERS[order]))
        assert kept != before
        assert kept == await self._wanted(one)

    async def test_where_nothing_is_kept_yet_these_events_are_not_lost(self, one: Worker) -> None:
        assert await self.kept(one.viewers) is None
        kept = await self._react(one, EVENTS)
        assert kept is not None
        assert kept == await self._wanted(one)

    async def test_the_same_events_again_change_nothing(self, one: Worker) -> None:
        await one.rebuild(ME)
        once = await self._react(one, EVENTS)
        assert await self._react(one, EVENTS, EVENTS[2:4]) == once

    async def test_no_events_change_nothing(self, one: Worker) -> None:
        assert await self._react(one, []) is None

    async def test_another_viewer_is_left_alone(self, one: Worker) -> None:
        await one.rebuild(ME)
        before = await self.kept(one.viewers)
        await self.make(one.viewers, one.rebuild).on_events("somebody else", EVENTS)
        assert await self.kept(one.viewers) == before

    async def test_without_redis_it_says_so(self, one: Worker) -> None:
        nowhere = redis_connect.connect("redis://127.0.0.1:1/0")
        viewers = RedisViewers(nowhere)
        reaction = self.make(viewers, Rebuild(one.users, one.interactions, viewers))
        with pytest.raises(StoreUnavailable):
            await reaction.on_events(ME, EVENTS)
        await nowhere.close()
