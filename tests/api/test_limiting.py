import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.api.serving import Served, assert_problem, serving
from tests.conftest import Database
from tests.ingesting import NOW

from reels.api.app import create_app
from reels.api.clients import Clients, networks
from reels.api.limiting import LEASE_SEC, Limiter, Told, lease_of
from reels.api.metrics import Metrics
from reels.api.pseudonyms import Pseudonyms
from reels.api.rules import Group
from reels.core.errors import ConfigError, StoreUnavailable
from reels.core.types import Quota, Standing
from reels.stores.redis import connect as redis_connect
from reels.stores.redis.buckets import RedisBuckets

pytestmark = pytest.mark.anyio
SLOW = 3600
"""A window so long that nothing comes back while a test runs: Redis has a clock of its own."""
Limited = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def limited(mongo: Database, redis: Any, redis_url: str) -> Limited:
    """`limited(feed=3)`: the application with such quotas, counted in Redis."""

    @asynccontextmanager
    async def made(url: str = redis_url, **quotas: int) -> AsyncIterator[Served]:
        metrics, connection = Metrics(), redis_connect.connect(url)
        wanted = {Group(name): Quota(requests, SLOW) for name, requests in quotas.items()}
        limiter = Limiter(RedisBuckets(connection), wanted, metrics.limit)
        async with serving(mongo, redis_url, metrics=metrics, limiter=limiter) as served:
            yield served
        await connection.close()

    return made


async def test_a_viewer_over_the_quota_is_told_to_wait_and_others_are_not(limited: Limited) -> None:
    async with limited(feed=3) as served:
        answers = [await served.http.get("/feed", headers=served.bearer()) for _ in range(5)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
        assert_problem(answers[3], 429, "too-many-requests")
        assert 0 < int(answers[3].headers["retry-after"]) <= SLOW / 3
        assert (await served.http.get("/feed", headers=served.bearer("u_other"))).status_code == 200
        assert (await served.http.get("/me", headers=served.bearer())).status_code != 429
        assert len(served.feed.asked) == 4
        metrics = (await served.http.get("/metrics")).text
    assert 'reels_limits_total{group="feed",outcome="refused"} 2.0' in metrics
    assert 'reels_requests_total{method="GET",route="/feed",status="429"} 2.0' in metrics


async def test_answers_say_what_is_left(limited: Limited) -> None:
    async with limited(feed=3) as served:
        answers = [await served.http.get("/feed", headers=served.bearer()) for _ in range(4)]
    assert {one.headers["ratelimit-policy"] for one in answers} == {f'"feed";q=3;w={SLOW}'}
    left = [re.fullmatch(r'"feed";r=(\d+);t=(\d+)', one.headers["ratelimit"]) for one in answers]
    assert [match[1] for match in left if match] == ["2", "1", "0", "0"]
    resets = [int(match[2]) for match in left if match][:3]
    assert sorted(resets) == resets
    assert 0 < resets[0] <= SLOW / 3


async def test_errors_say_it_too_and_what_needs_no_quota_does_not(limited: Limited) -> None:
    async with limited(feed=3, account=3) as served:
        assert "ratelimit" in (await served.http.get("/feed?limit=x", headers=served.bearer())).headers
        assert "ratelimit" in (await served.http.get("/reels/nothing", headers=served.bearer())).headers
        assert "ratelimit" not in (await served.http.get("/feed")).headers
        assert "ratelimit" not in (await served.http.get("/healthz")).headers


async def test_sign_ups_are_counted_by_client_and_our_own_processes_are_not(limited: Limited) -> None:
    async with limited(auth=2) as served:
        for client, statuses in (
            ("203.0.113.7", [200, 200, 429]),
            ("203.0.113.8", [200]),
            ("2001:db8:1:2:3::4", [200]),
            ("2001:db8:1:2:5::6", [200]),
            ("2001:db8:1:2:7::8", [429]),
            ("2001:db8:1:3::1", [200]),
        ):
            assert [await signed_up(served, client) for _ in statuses] == statuses, client


async def test_the_networks_of_our_own_are_not_counted(mongo: Database, redis: Any, redis_url: str) -> None:
    connection = redis_connect.connect(redis_url)
    limiter = Limiter(RedisBuckets(connection), {Group.AUTH: Quota(1, SLOW)}, lambda group, what: None)
    async with serving(mongo, redis_url, limiter=limiter, uncounted=networks(["172.16.0.0/12"])) as served:
        assert [await signed_up(served, "172.20.0.5") for _ in range(3)] == [200, 200, 200]
        assert [await signed_up(served, "::ffff:172.20.0.5") for _ in range(3)] == [200, 200, 200]
        assert [await signed_up(served, "172.32.0.5") for _ in range(2)] == [200, 429]
    await connection.close()


async def signed_up(served: Served, client: str) -> int:
    transport = httpx.ASGITransport(served.app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://reels") as http:
        return (await http.post("/auth/device", json={})).status_code


async def test_two_workers_count_together(limited: Limited, redis_url: str) -> None:
    async with limited(feed=4) as served:
        connection = redis_connect.connect(redis_url)
        limiter = Limiter(RedisBuckets(connection), {Group.FEED: Quota(4, SLOW)}, lambda group, what: None)
        transport = httpx.ASGITransport(create_app(replace(served.services, limiter=limiter)))
        async with httpx.AsyncClient(transport=transport, base_url="http://reels") as other:
            ways = [served.http, other] * 3
            statuses = [(await http.get("/feed", headers=served.bearer())).status_code for http in ways]
        await connection.close()
    assert statuses == [200, 200, 200, 200, 429, 429]


async def test_without_redis_nobody_is_limited_and_that_is_counted(limited: Limited) -> None:
    async with limited(url="redis://127.0.0.1:1/0", feed=1) as served:
        answers = [await served.http.get("/feed", headers=served.bearer()) for _ in range(3)]
        assert [one.status_code for one in answers] == [200] * 3
        assert "ratelimit" not in answers[0].headers
        assert 'reels_limits_total{group="feed",outcome="unavailable"} 3.0' in (await served.http.get("/metrics")).text


class Bucket:
    """A bucket that never fills again, and what was asked of it."""

    def __init__(self, holds: int) -> None:
        self.left, self.asked = holds, list[int]()

    async def take(self, key: str, quota: Quota, cost: int) -> Standing:
        self.asked.append(cost)
        await asyncio.sleep(0)
        if cost > self.left:
            return Standing(True, self.left, 60.0, 7.2)
        self.left -= cost
        return Standing(False, self.left, 60.0)


def limiter_of(bucket: Any, requests: int = 300) -> Limiter:
    return Limiter(bucket, {Group.FEED: Quota(requests, 60)}, lambda group, what: None)


async def taken(limiter: Limiter, now: float = NOW) -> Told:
    told = await limiter.take(Group.FEED, "ana", now)
    assert told is not None
    return told


async def test_a_generous_quota_is_asked_for_once_in_several_requests() -> None:
    bucket = Bucket(300)
    limiter = limiter_of(bucket)
    told = [await taken(limiter) for _ in range(12)]
    assert bucket.asked == [5, 5, 5]
    assert [one.remaining for one in told] == list(range(299, 287, -1))
    assert [lease_of(Quota(requests)) for requests in (1, 30, 60, 120, 300, 600, 6000)] == [1, 1, 1, 2, 5, 10, 10]


async def test_near_its_end_each_request_asks_and_exactly_the_quota_is_let_in() -> None:
    bucket = Bucket(23)
    limiter = limiter_of(bucket)
    told = [await taken(limiter) for _ in range(30)]
    assert [one.retry_sec > 0 for one in told] == [False] * 23 + [True] * 7
    assert bucket.left == 0


async def test_a_refusal_is_remembered_until_it_is_time() -> None:
    bucket = Bucket(0)
    limiter = limiter_of(bucket)
    assert [(await taken(limiter, NOW + passed)).retry_sec for passed in (0, 3, 7)] == [8, 5, 1]
    assert len(bucket.asked) == 1
    await taken(limiter, NOW + 7.3)
    assert len(bucket.asked) == 2


async def test_a_lease_ends_by_itself() -> None:
    bucket = Bucket(300)
    limiter = limiter_of(bucket)
    await taken(limiter)
    await taken(limiter, NOW + LEASE_SEC)
    assert bucket.asked == [5, 5]


async def test_ended_leases_of_viewers_who_left_are_forgotten() -> None:
    limiter = limiter_of(Bucket(3000))
    for i in range(100):
        await limiter.take(Group.FEED, f"u{i}", NOW)
    assert len(limiter._held) == 100
    await limiter.take(Group.FEED, "u99", NOW + LEASE_SEC + 1)
    assert len(limiter._held) == 1


async def test_many_at_once_get_no_more_than_there_is() -> None:
    bucket = Bucket(40)
    limiter = limiter_of(bucket)
    told = await asyncio.gather(*(taken(limiter) for _ in range(100)))
    assert sum(not one.retry_sec for one in told) == 40
    assert bucket.asked.count(5) == 1  # one takes a lease; together they'd take what other workers' requests need


async def test_a_store_that_fails_lets_everybody_in() -> None:
    class Away:
        async def take(self, key: str, quota: Quota, cost: int) -> Standing:
            raise StoreUnavailable("redis", "away")

    said: list[tuple[str, str]] = []
    limiter = Limiter(Away(), {Group.FEED: Quota(1)}, lambda group, what: said.append((group, what)))
    assert await limiter.take(Group.FEED, "ana", NOW) is None
    assert await limiter.take(Group.EVENTS, "ana", NOW) is None
    assert said == [("feed", "unavailable")]


def test_clients_have_another_name_each_day_and_no_address_in_it() -> None:
    clients = Clients(Pseudonyms(b"k" * 32))
    named = [
        clients.name_of({"client": (host, 1)}, NOW + day * 86_400) for host in ("192.0.2.1", "x") for day in (0, 1)
    ]
    named += [clients.name_of(scope, NOW) for scope in ({}, {"client": None})]
    assert len(set(named)) == 4
    assert named[2] == named[4] == named[5]  # without an address
    assert all(name and re.fullmatch(r"c_[a-z2-7]{26}", name) for name in named)


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match=r"REELS_UNCOUNTED_CLIENTS: '10\.0\.0\.1/8'"):
        networks(["10.0.0.1/8"])
