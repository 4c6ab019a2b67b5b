"""Redis that hangs, dies, is full and comes back. The server is the test process' own."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable

import pytest
from tests.contracts.viewer_store import keys
from tests.waiting import eventually_async

from reels.core.errors import StoreError, StoreUnavailable
from reels.stores.breaker import Breaker
from reels.stores.local import LocalStores
from reels.stores.redis.connect import Redis, connect
from reels.stores.redis.signals import RedisSignals
from reels.stores.redis.viewers import RedisViewers

pytestmark = pytest.mark.anyio

NEVER_RESTS = 0.0


@pytest.fixture
async def redis(stores: LocalStores) -> AsyncIterator[Redis]:
    """A client with the timeouts of production; afterwards the server is well again."""
    connected = connect(stores.redis_url)
    await connected.client.flushall()
    yield connected
    stores.valkey.resume()
    stores.valkey.start()
    await eventually_async(lambda: _answers(connected))
    await connected.client.config_set("maxmemory", 0)
    await connected.client.flushall()
    await connected.close()


async def _answers(redis: Redis) -> bool:
    try:
        await RedisSignals(redis).ping()
    except StoreUnavailable:
        return False
    return True


async def test_a_hanging_server_costs_one_timeout_and_then_nothing(redis: Redis, stores: LocalStores) -> None:
    viewers = RedisViewers(redis)
    await viewers.read("u")
    stores.valkey.pause()
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as raised:
        await viewers.read("u")
    assert 0.2 < time.monotonic() - began < 1.5
    assert raised.value.store == "redis"
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(StoreUnavailable, match="a moment ago"):
            await viewers.read("u")
    assert time.monotonic() - began < 0.5


async def test_every_call_says_so_when_the_server_is_gone(redis: Redis, stores: LocalStores) -> None:
    stores.valkey.kill()
    gone = Redis(redis.client, breaker=Breaker(NEVER_RESTS))
    viewers, signals = RedisViewers(gone), RedisSignals(gone)
    calls: list[Awaitable[object]] = [
        *(viewers.read("u", "f"), viewers.update_state("u", lambda packed: packed), viewers.drop_state(["u"])),
        *(viewers.put_state("u", b"s", only_if_absent=True), viewers.add_seen("u", keys(1))),
        *(viewers.put_seen("u", keys(1)), viewers.put_candidates("u", b"c", 1), viewers.drop_candidates("u")),
        *(viewers.claim_build("u", 1), viewers.put_page("u", "f", b"p", keys(1)), signals.put_signals("s", b"s")),
        *(signals.get_signals(["s"]), signals.set_policy_version(1), signals.ping()),
    ]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [one for one in outcomes if not isinstance(one, StoreUnavailable)] == []


async def test_the_same_client_goes_on_after_a_restart(redis: Redis, stores: LocalStores) -> None:
    viewers = RedisViewers(redis)
    await viewers.put_state("u", b"s", only_if_absent=True)
    stores.valkey.kill()
    stores.valkey.start()
    assert (await viewers.read("u")).state is None  # not even one failure
    assert not await viewers.update_state("u", lambda packed: packed)


async def test_an_answer_that_came_too_late_is_not_taken_for_the_next(redis: Redis, stores: LocalStores) -> None:
    viewers = RedisViewers(Redis(redis.client, breaker=Breaker(NEVER_RESTS)))
    await viewers.put_state("u", b"of u", only_if_absent=True)
    await viewers.put_state("v", b"of v", only_if_absent=True)
    stores.valkey.pause()
    with pytest.raises(StoreUnavailable):
        await viewers.read("u")
    stores.valkey.resume()
    assert (await viewers.read("v")).state == b"of v"


async def test_a_caller_that_left_leaves_no_answer_behind(redis: Redis, stores: LocalStores) -> None:
    viewers = RedisViewers(redis)
    await viewers.put_state("u", b"of u", only_if_absent=True)
    await viewers.put_state("v", b"of v", only_if_absent=True)
    stores.valkey.pause()
    reading = asyncio.create_task(viewers.read("u"))
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    stores.valkey.resume()
    assert (await viewers.read("v")).state == b"of v"


async def test_a_held_up_program_does_not_blame_the_server(redis: Redis) -> None:
    viewers = RedisViewers(redis)
    for _ in range(3):
        reading = asyncio.create_task(viewers.read("u"))
        await asyncio.sleep(0)
        time.sleep(0.4)  # noqa: ASYNC251  holding up the loop is the point
        assert (await reading).state is None


async def test_a_full_server_is_unavailable_for_writing(redis: Redis) -> None:
    await redis.client.config_set("maxmemory-policy", "noeviction")
    await redis.client.config_set("maxmemory", 1)
    with pytest.raises(StoreUnavailable, match="maxmemory"):
        await RedisViewers(redis).put_state("u", b"s", only_if_absent=False)
    assert (await RedisViewers(redis).read("u")).state is None


async def test_what_the_server_refuses_is_not_an_outage(redis: Redis) -> None:
    with pytest.raises(StoreError, match="refused") as raised, redis.answering() as client:
        await client.eval("return nonsense", 0)
    assert not isinstance(raised.value, StoreUnavailable)


async def test_more_callers_than_connections_wait_for_their_turn(stores: LocalStores) -> None:
    few = connect(stores.redis_url, timeout_sec=5, connections=2)
    await asyncio.gather(*(RedisViewers(few).read(str(user)) for user in range(200)))
    await few.close()


async def test_nobody_there_is_unavailable() -> None:
    for url in ("unix:///nowhere/valkey.sock", "redis://127.0.0.1:9"):
        nowhere = connect(url)
        with pytest.raises(StoreUnavailable, match="redis does not answer"):
            await RedisSignals(nowhere).ping()
        await nowhere.close()
