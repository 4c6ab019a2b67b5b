"""Requests beyond what a worker can answer in time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from tests.api.serving import Served
from tests.waiting import eventually_async

from reels.api.admission import Admission
from reels.api.app import create_app

pytestmark = pytest.mark.anyio


@dataclass
class Slow:
    """An app that answers when told to."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0
    most: int = 0
    failing: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.go.wait()
            if self.failing:
                raise RuntimeError("a bug")
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"done"})
        finally:
            self.inside -= 1


@dataclass
class Door:
    """An admission in front of a slow app."""

    slow: Slow
    app: Admission
    shed: list[str]

    def knock(self, path: str = "/feed") -> "asyncio.Task[httpx.Response]":
        return asyncio.create_task(self._get(path))

    async def _get(self, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://reels") as http:
            return await http.get(path)


def door(waiting: int = 100, patience_sec: float = 60.0) -> Door:
    slow, shed = Slow(), list[str]()
    return Door(slow, Admission(slow, 2, waiting, patience_sec, shed.append), shed)


async def holds(condition: Callable[[], bool]) -> None:
    async def asked() -> bool:
        return condition()

    await eventually_async(asked)


async def test_so_many_are_answered_at_once_and_the_others_after_them() -> None:
    busy = door()
    asked = [busy.knock() for _ in range(7)]
    await holds(lambda: busy.app._waiting == 5)
    assert busy.slow.inside == 2
    busy.slow.go.set()
    assert [(await one).status_code for one in asked] == [200] * 7
    assert (busy.slow.most, busy.shed) == (2, [])


async def test_who_finds_the_queue_full_is_told_when_to_come_back() -> None:
    busy = door(waiting=1)
    asked = [busy.knock() for _ in range(3)]
    await holds(lambda: busy.app._waiting == 1)
    refused = await busy.knock()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:reels:problem:overloaded"
    busy.slow.go.set()
    assert [(await one).status_code for one in asked] == [200] * 3
    assert busy.shed == ["full"]


async def test_who_has_waited_long_enough_is_turned_away_and_takes_no_place() -> None:
    busy = door(patience_sec=0.01)
    inside = [busy.knock() for _ in range(2)]
    await holds(lambda: busy.slow.inside == 2)
    assert [(await busy.knock()).status_code for _ in range(5)] == [503] * 5
    busy.slow.go.set()
    assert [(await one).status_code for one in [*inside, busy.knock(), busy.knock(), busy.knock()]] == [200] * 5
    assert busy.shed == ["late"] * 5


async def test_a_request_that_breaks_gives_its_place_back() -> None:
    busy = door()
    busy.slow.failing = True
    busy.slow.go.set()
    assert [(await busy.knock()).status_code for _ in range(4)] == [500] * 4
    busy.slow.failing = False
    assert (await busy.knock()).status_code == 200


async def test_who_looks_after_the_system_is_always_let_in() -> None:
    busy = door(waiting=0)
    inside = [busy.knock() for _ in range(2)]
    await holds(lambda: busy.slow.inside == 2)
    watched = [busy.knock(path) for path in ("/readyz", "/healthz", "/metrics", "/media/a.mp4")]
    await holds(lambda: busy.slow.inside == 6)
    busy.slow.go.set()
    assert [(await one).status_code for one in [*inside, *watched]] == [200] * 6


async def test_the_application_counts_whom_it_turns_away(served: Served) -> None:
    limits = replace(served.services.limits, requests_at_once=1, requests_waiting=0)
    app = create_app(replace(served.services, limits=limits))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reels") as http:
        answers = await asyncio.gather(*(http.post("/auth/device", json={}) for _ in range(4)))
        assert sorted(one.status_code for one in answers) == [200, 503, 503, 503]
        assert 'reels_requests_shed_total{why="full"} 3.0' in (await http.get("/metrics")).text
