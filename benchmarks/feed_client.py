"""Viewers over plain HTTP for as little processor time as possible, in a process of their own beside the server's.

Closed loop: each client asks as soon as it is answered. Open loop: requests begin when they are due (Poisson arrivals),
whether or not earlier ones are answered, and are timed from when they were due.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson
from benchmarks.load_client import Connection


@dataclass(slots=True)
class Reader:
    """One viewer who reads page after page."""

    user_id: str
    token: str
    cursor: str = ""
    pages: int = 0
    shown: list[str] = field(default_factory=list)
    """Reels of the newest page."""

    def ask(self) -> bytes:
        """The request for the next page."""
        query = f"limit=10&cursor={self.cursor}" if self.cursor else "limit=10"
        return request("GET", f"/feed?{query}", self.token)

    def learn(self, body: bytes) -> bool:
        """Takes a page in; whether it was full."""
        told = orjson.loads(body)
        self.cursor, self.pages = told.get("next_cursor") or "", self.pages + 1
        self.shown = [item["reel_id"] for item in told["items"]]
        return len(self.shown) == 10

    def did(self, number: int, now_ms: int) -> bytes:
        """POST /events: ten events on the newest page: each third reel watched to the end, the others skipped."""
        events = [
            {
                "event_id": f"{self.user_id}-{number}-{place}",
                "reel_id": reel_id,
                "kind": "watch",
                "occurred_at": now_ms,
                "watch_sec": 12.0 if place % 3 == 0 else 0.5,
                "duration_sec": 12.0,
            }
            for place, reel_id in enumerate(self.shown)
        ]
        return request("POST", "/events", self.token, orjson.dumps({"events": events}))


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """One HTTP/1.1 request."""
    bearer = f"authorization: Bearer {token}\r\n" if token else ""
    length = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{bearer}{length}\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class Times:
    """What a phase took."""

    ms: list[float]
    failed: int
    seconds: float

    def summary(self) -> dict[str, float]:
        """Percentiles in ms and the rate."""
        p50, p95, p99 = np.percentile(self.ms or [0.0], [50, 95, 99])
        return {
            "requests": len(self.ms),
            "failed": self.failed,
            "per_sec": round(len(self.ms) / self.seconds, 1),
            "p50_ms": round(float(p50), 3),
            "p95_ms": round(float(p95), 3),
            "p99_ms": round(float(p99), 3),
        }


class Client:
    """A connection that asks one thing at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: Connection | None = None

    async def ask(self, sent: bytes) -> tuple[int, bytes]:
        """Status and body."""
        if self._connection is None or not self._connection.open:
            loop = asyncio.get_running_loop()
            _, self._connection = await loop.create_connection(Connection, "127.0.0.1", self._port)
        return await self._connection.ask(sent)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()


Turn = Callable[[], tuple[bytes, Callable[[bytes], bool]] | None]
"""What a client does next: the request and what makes sure of its answer; None = nothing left."""


async def closed(port: int, turns: Sequence[Turn], seconds: float) -> Times:
    """One client a turn, side by side, each asking as soon as it is answered, for so long or until nothing is left."""
    clock = time.perf_counter
    ms: list[float] = []
    failed = 0
    began = clock()
    end = began + seconds

    async def one(turn: Turn) -> None:
        nonlocal failed
        client = Client(port)
        while clock() < end and (asked := turn()) is not None:
            sent, good = asked
            at = clock()
            status, body = await client.ask(sent)
            took = clock() - at
            if status == 200 and good(body):
                ms.append(took * 1000)
            else:
                failed += 1
        client.close()

    await asyncio.gather(*(one(turn) for turn in turns))
    return Times(ms, failed, max(clock() - began, 1e-9))


async def opened(port: int, turn: Turn, rate: float, seconds: float, seed: int = 1) -> Times:
    """`rate` requests a second for so long, or until nothing is left; returns when all are answered."""
    clock = time.perf_counter  # the loop's own stands still within a turn
    rng = np.random.default_rng(seed)
    ms: list[float] = []
    failed = 0
    idle: list[Client] = []
    tasks: set[asyncio.Task[None]] = set()

    async def one(sent: bytes, good: Callable[[bytes], bool], due: float) -> None:
        nonlocal failed
        client = idle.pop() if idle else Client(port)
        status, body = await client.ask(sent)
        took = clock() - due
        idle.append(client)
        if status == 200 and good(body):
            ms.append(took * 1000)
        else:
            failed += 1

    began = due = clock()
    while (due := due + float(rng.exponential(1.0 / rate))) < began + seconds:
        if (ahead := due - clock()) > 0:
            await asyncio.sleep(ahead)
        if (asked := turn()) is None:  # everybody is waited for: too late already
            failed += 1
            continue
        task = asyncio.create_task(one(*asked, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for client in idle:
        client.close()
    return Times(ms, failed, max(clock() - began, 1e-9))


__all__ = ["Client", "Reader", "Times", "Turn", "closed", "opened", "request"]
