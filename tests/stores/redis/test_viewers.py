from typing import cast

import pytest
from redis.asyncio import Redis as Client
from tests.contracts.viewer_store import SMALL_SEEN, SMALL_SERVED, ViewerStoreContract, keys
from tests.waiting import eventually_async

from reels.core.ports import ViewerStore
from reels.stores.redis.connect import Redis
from reels.stores.redis.viewers import RedisViewers, ViewerLimits


class TestRedisViewers(ViewerStoreContract):
    @pytest.fixture
    async def store(self, every_redis: Client) -> ViewerStore:
        return RedisViewers(Redis(every_redis), ViewerLimits(seen=SMALL_SEEN, served=SMALL_SERVED))


@pytest.mark.anyio
async def test_every_key_expires_and_shares_the_viewers_hash_tag(redis: Client) -> None:
    store = RedisViewers(Redis(redis))
    await store.drop_state(["u"])
    await store.put_state("u", b"s", only_if_absent=True)
    await store.update_state("u", lambda _: b"t")
    await store.put_seen("u", keys(1))
    await store.add_seen("u", keys(2))
    await store.put_candidates("u", b"c", 300)
    await store.claim_build("u", 5)
    await store.put_page("u", "f", b"p", keys(1))
    names = [str(name, "utf-8") for name in cast("list[bytes]", await redis.keys())]
    lives = {name.removeprefix("user:{u}:"): await redis.ttl(name) for name in names}
    longest = {"state": 7 * 86_400, "seen": 7 * 86_400, "served": 6 * 3600, "page:f": 6 * 3600}
    longest |= {"candidates": 300, "building": 5, "generation": 600}
    assert lives.keys() == longest.keys()
    assert {name for name, life in lives.items() if not longest[name] - 5 <= life <= longest[name]} == set()


@pytest.mark.anyio
async def test_a_claim_that_nobody_fulfils_ends(redis: Client) -> None:
    store = RedisViewers(Redis(redis))
    assert await store.claim_build("u", 0.05)
    await eventually_async(lambda: store.claim_build("u", 60), timeout=5)


@pytest.mark.anyio
async def test_reading_a_viewer_is_one_round_trip(redis: Client) -> None:
    store = RedisViewers(Redis(redis))
    async with redis.monitor() as watched:
        await store.read("u", "f")
        await redis.get("the end")
        commands: list[str] = []
        while "GET the end" not in commands:
            commands.append((await watched.next_command())["command"])
    at = next(index for index, command in enumerate(commands) if command.startswith("MGET"))
    asked = [name for name in (command.split()[0] for command in commands[at:]) if name not in ("CLIENT", "HELLO")]
    assert asked == ["MGET", "GET", "GET"]
