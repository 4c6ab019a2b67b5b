"""One connection for many callers: answers in order, a lost connection, errors, and a caller who gave up."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis as Client
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from reels.core.errors import StoreError
from reels.stores.redis.connect import Redis, connect

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(redis: Client, redis_url: str) -> AsyncIterator[Redis]:
    made = connect(redis_url, timeout_sec=5.0)
    yield made
    await made.close()


async def connections(redis: Client) -> int:
    return len(await redis.client_list())


async def test_many_callers_share_one_connection_and_each_gets_its_own_answers(store: Redis, redis: Client) -> None:
    await store.ask(("SET", "n", 0))
    before = await connections(redis)
    answers = await asyncio.gather(*(store.ask(("INCR", "n"), ("ECHO", f"{i}")) for i in range(200)))
    assert [int(echoed) for _, echoed in answers] == list(range(200))
    assert sorted(number for number, _ in answers) == list(range(1, 201))
    assert await connections(redis) == before


async def test_bytes_go_there_and_back_as_they_are(store: Redis) -> None:
    every = bytes(range(256)) * 4000
    assert await store.ask(("SET", "b", every), ("GET", "b"), ("GET", "nothing")) == [b"OK", every, None]


async def test_an_error_is_the_callers_own_and_the_next_one_is_answered(store: Redis) -> None:
    both = [store.ask(("GET", "a"), ("LPUSH", "a", 1), ("INCR", "a")), store.ask(("ECHO", "x"))]
    refused, fine = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(refused, StoreError)
    assert isinstance(refused.__cause__, ResponseError)
    assert fine == [b"x"]


async def test_a_lost_connection_is_made_anew_and_the_command_sent_again(store: Redis, redis: Client) -> None:
    (name,) = await store.ask(("CLIENT", "ID"))
    await redis.client_kill_filter(_id=name)
    assert await store.ask(("ECHO", "there")) == [b"there"]
    assert await store.ask(("CLIENT", "ID")) != [name]


async def test_who_gives_up_does_not_take_the_answer_of_another(store: Redis) -> None:
    await store.ask(("ECHO", "connected"))
    gone = asyncio.create_task(store.ask(("BLPOP", "never", 0.2), ("ECHO", "gone")))
    await asyncio.sleep(0)
    others = [asyncio.create_task(store.ask(("ECHO", f"{i}"))) for i in range(5)]
    await asyncio.sleep(0)
    gone.cancel()
    assert [await one for one in others] == [[f"{i}".encode()] for i in range(5)]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_whoever_waits_hears_that_the_connection_is_closed(store: Redis) -> None:
    await store.ask(("ECHO", "connected"))
    waiting = asyncio.create_task(store._line.ask(("BLPOP", "never", 0)))
    await asyncio.sleep(0.05)
    await store.close()
    with pytest.raises((RedisConnectionError, RuntimeError)):
        await waiting
