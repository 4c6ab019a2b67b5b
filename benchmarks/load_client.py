"""Simulated viewers at a fixed rate, for as little processor time as possible: the system shares the machine with them.

Open loop: requests begin when they are due (Poisson arrivals), whether or not earlier ones are answered, and are timed
from when they were due. HTTP/1.1 over TLS on kept connections, which viewers share; each speaks for its own address.
"""

import asyncio
import ssl
import time
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

import httptools
import numpy as np
import orjson

LIMIT = 10
PAGES = 20
"""A viewer watches so many pages; then somebody new signs up."""
PAUSE_SEC = 1.0
"""Between two things a viewer does, and after a refusal."""
REFUSED = (429, 503)


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. `due` in s of the loop's clock, `sec` from then to the last byte; status 0: no answer."""

    kind: str
    due: float
    sec: float
    status: int


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._body, self._packed = bytearray(), False
        self.open = True

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Status and body; ConnectionError when it breaks."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._parser, self._body, self._packed = httptools.HttpResponseParser(self), bytearray(), False
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by descent

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"closed before an answer: {exc}"))

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-encoding":
            self._packed = value == b"gzip"

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.open = self.open and self._parser.should_keep_alive()
        body = zlib.decompress(self._body, 31) if self._packed else bytes(self._body)
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), body))


@dataclass(slots=True)
class Viewer:
    """Signs up, then page, events, page, events."""

    address: str
    token: str = ""
    cursor: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    pages: int = 0

    def next(self) -> tuple[str, bytes]:
        """What it does next, and the request."""
        if not self.token:
            return "auth", self._request("POST /auth/device", {"region": "US", "language": "en"})
        if self.events:
            return "events", self._request("POST /events", {"events": self.events})
        query = f"limit={LIMIT}" + (f"&cursor={self.cursor}" if self.cursor else "")
        return "feed", self._request(f"GET /feed?{query}", None)

    def _request(self, what: str, body: Any) -> bytes:
        sent = b"" if body is None else orjson.dumps(body)
        token = f"authorization: Bearer {self.token}\r\n" if self.token else ""
        head = (
            f"{what} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\nx-forwarded-for: {self.address}\r\n{token}"
            f"content-type: application/json\r\ncontent-length: {len(sent)}\r\n\r\n"
        )
        return head.encode() + sent

    def learn(self, kind: str, body: bytes, ids: Iterator[int]) -> bool:
        """Takes in an answer of 200; whether it is what was asked for."""
        told = orjson.loads(body)
        if kind == "auth":
            self.token = told["access_token"]
            return True
        if kind == "events":
            whole = bool(told["stored"] + told["duplicates"] == len(self.events))
            self.events = []
            return whole
        self.cursor, self.pages = told["next_cursor"] or "", self.pages + 1
        items = told["items"]
        did = [("impression", one) for one in items] + [("watch", one) for one in items[:3]]
        did += [("like", one) for one in items[:1]]
        now = round(time.time() * 1000)
        self.events = [
            {"event_id": f"l{next(ids)}", "reel_id": one["reel_id"], "kind": kind, "occurred_at": now, "watch_sec": 2.0}
            if kind == "watch"
            else {"event_id": f"l{next(ids)}", "reel_id": one["reel_id"], "kind": kind, "occurred_at": now}
            for kind, one in did
        ]
        return len(items) == LIMIT


class Crowd:
    """All viewers and their connections to one address. Made within the loop that runs it."""

    def __init__(self, port: int, trust: ssl.SSLContext, source: str, seed: int) -> None:
        self._port, self._trust, self._source = port, trust, source
        self._rng = np.random.default_rng(seed)
        self._idle: deque[tuple[float, Viewer]] = deque()
        """Who may go on when, the first first."""
        self._connections: list[Connection] = []
        self._ids, self._addresses = count(), count(1)
        self.samples: list[Sample] = []

    async def at_rate(self, rate: float, seconds: float) -> list[Sample]:
        """`rate` requests a second for so long; returns when all are answered."""
        loop = asyncio.get_running_loop()
        before, tasks = len(self.samples), set[asyncio.Task[None]]()
        due, end = loop.time(), loop.time() + seconds
        while (due := due + float(self._rng.exponential(1.0 / rate))) < end:
            if (ahead := due - loop.time()) > 0:
                await asyncio.sleep(ahead)
            task = asyncio.create_task(self._one(due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        return self.samples[before:]

    async def side_by_side(self, clients: int, seconds: float) -> list[Sample]:
        """Closed loop: each client asks as soon as it is answered."""
        loop = asyncio.get_running_loop()
        before, end = len(self.samples), loop.time() + seconds

        async def client() -> None:
            while (now := loop.time()) < end:
                await self._one(now)

        await asyncio.gather(*(client() for _ in range(clients)))
        return self.samples[before:]

    def close(self) -> None:
        for one in self._connections:
            one.close()

    async def _one(self, due: float) -> None:
        loop = asyncio.get_running_loop()
        viewer = self._idle.popleft()[1] if self._idle and self._idle[0][0] <= loop.time() else self._newcomer()
        kind, request = viewer.next()
        status, body = 0, b""
        try:
            connection = await self._connected()
            status, body = await asyncio.wait_for(connection.ask(request), 60)
            if connection.open:
                self._connections.append(connection)
        except (OSError, TimeoutError):
            status = 0
        if status == 200 and not viewer.learn(kind, body, self._ids):
            status = -1  # an answer, but not the one
        now = loop.time()
        self.samples.append(Sample(kind, due, now - due, status))
        if viewer.pages < PAGES or viewer.events:
            self._idle.append((now + PAUSE_SEC, viewer))

    def _newcomer(self) -> Viewer:
        n = next(self._addresses)
        return Viewer(f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")

    async def _connected(self) -> Connection:
        while self._connections:
            connection = self._connections.pop()
            if connection.open:
                return connection
        _, made = await asyncio.get_running_loop().create_connection(
            Connection,
            "127.0.0.1",
            self._port,
            ssl=self._trust,
            server_hostname="localhost",
            local_addr=(self._source, 0),
        )
        return made
