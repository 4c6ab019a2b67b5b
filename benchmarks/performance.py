"""GET /feed and POST /events by clients, rates, catalogue and history, beside plain FastAPI and no work at all.

    python -m benchmarks.performance DIR [DIR ...]    # each: a data directory with snapshots, or what `reels generate`
                                                      # or `benchmarks/training.py` left; small ones first
    python -m benchmarks.performance --quick DIR      # a tenth of the time, for trying it out
    python -m benchmarks.performance --document       # docs/performance.md anew, from what was measured before

About four minutes a directory. What each gives is kept at once in results/performance/<reels>.json, so a run that is
stopped goes on where it was (`--again`: measure those anew). Server, client, MongoDB and Valkey share the machine.
Wall times are from the client; CPU is all that the API process did meanwhile (user and system, all threads, work after
pages and in the background too) by the requests. Medians of REPEATS runs.
"""

import argparse
import asyncio
import itertools
import json
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import uvloop
from benchmarks import feed_comparison, performance_document
from benchmarks.feed_client import Client, Reader, Times, Turn, closed, opened, request
from benchmarks.feed_system import (
    Serving,
    cpu_sec,
    first_page,
    forget,
    memory_mb,
    prepared,
    serving,
    with_history,
)
from benchmarks.machine import RESULTS, machine

from reels.cli import logs

CLIENTS = (1, 4, 16, 64)
HISTORIES = (10, 100, 1000)
RATES = (100, 300, 500, 1000, 1500)
"""Requests a second of the open loop, as far as they are below nine tenths of what 16 clients got."""
REPEATS = 3
PAGES = 10
"""Pages a viewer reads before the next one has a turn."""
KEPT = RESULTS / "performance"


class Bench:
    """One system being measured."""

    def __init__(self, on: Serving, seconds: float, viewers: int) -> None:
        self.on, self.seconds, self.viewers = on, seconds, viewers
        self._numbers = itertools.count(time.time_ns() // 1_000_000)

    async def run(self) -> dict[str, Any]:
        """Everything."""
        readers = await with_history(self.on, "b", self.viewers, 100)
        figures: dict[str, Any] = {"warm": {}, "history": {}, "open": {}, "events": {}}
        for clients in CLIENTS:
            figures["warm"][str(clients)] = await self.repeated(lambda n=clients: self.pages(readers, n))
        figures["session"] = await self.sessions(readers)
        for events in HISTORIES:
            some = await with_history(self.on, "h", max(4, self.viewers // 10), events)
            figures["history"][str(events)] = await self.repeated(lambda of=some: self.pages(of, 1))
        figures["cold"] = await self.cold(readers)
        most = figures["warm"]["16"]["per_sec"]
        for rate in [one for one in RATES if one < 0.9 * most]:
            figures["open"][str(rate)] = await self.measured(
                opened(self.on.port, Pages(readers), rate, self.seconds, seed=rate)
            )
        for clients in (1, 16):
            figures["events"][str(clients)] = await self.repeated(lambda n=clients: self.batches(readers, n))
        figures["obeys"] = await self.obeys(readers)
        figures["memory_mb"] = memory_mb(self.on.pid)
        figures["comparison"] = await self.compared(readers)
        return figures

    async def measured(self, phase: Any, pid: int = 0) -> dict[str, float]:
        """Times of a phase and the CPU it took."""
        before = cpu_sec(pid or self.on.pid)
        times: Times = await phase
        await asyncio.sleep(0.2)  # what was put off until after the pages
        cpu = cpu_sec(pid or self.on.pid) - before
        return times.summary() | {"cpu_us": round(cpu / max(1, len(times.ms)) * 1e6)}

    async def repeated(self, phase: Callable[[], Any], pid: int = 0) -> dict[str, float]:
        """Medians of several runs."""
        runs = [await self.measured(phase(), pid) for _ in range(REPEATS)]
        return {name: round(float(np.median([one[name] for one in runs])), 3) for name in runs[0]}

    async def pages(self, readers: list[Reader], clients: int) -> Times:
        """Closed loop of warm pages."""
        return await closed(self.on.port, shared(readers, clients), self.seconds)

    async def sessions(self, readers: list[Reader]) -> dict[str, float]:
        """One client: a page, ten events on it, the next page: times and CPU of the pages alone."""
        client, ms, cpu = Client(self.on.port), [], 0.0
        end = time.monotonic() + 2 * self.seconds
        for reader in itertools.cycle(readers):
            if time.monotonic() > end:
                break
            for _ in range(PAGES):
                await client.ask(reader.did(next(self._numbers), now_ms()))
                await asyncio.sleep(0.002)
                before, began = cpu_sec(self.on.pid), time.perf_counter()
                _, body = await client.ask(reader.ask())
                ms.append((time.perf_counter() - began) * 1000)
                await asyncio.sleep(0.002)
                cpu += cpu_sec(self.on.pid) - before
                reader.learn(body)
        client.close()
        return Times(ms, 0, sum(ms) / 1000).summary() | {"cpu_us": round(cpu / len(ms) * 1e6)}

    async def cold(self, readers: list[Reader]) -> dict[str, Any]:
        """First pages: of somebody new; with new candidates; with everything in Redis lost."""
        figures: dict[str, Any] = {}
        stamp = next(self._numbers)
        some = readers[: max(10, self.viewers // 2)]
        for name in ("new viewer", "new candidates", "viewer from MongoDB"):
            if name == "new viewer":
                asked = [self.on.reader(f"u_new_{stamp}_{i}") for i in range(len(some))]
            else:
                asked = some
                await forget(self.on, asked, viewer=name == "viewer from MongoDB")
            for one in asked:
                one.cursor = ""
            figures[name] = await self.measured(closed(self.on.port, [each_once(asked)], 60.0))
        return figures

    async def batches(self, readers: list[Reader], clients: int) -> Times:
        """Closed loop of POST /events with ten events each."""
        waiting = deque(readers)

        def turn() -> tuple[bytes, Callable[[bytes], bool]]:
            reader = waiting[0]
            waiting.rotate(-1)
            return reader.did(next(self._numbers), now_ms()), lambda body: b'"stored":10' in body

        return await closed(self.on.port, [turn] * clients, self.seconds)

    async def obeys(self, readers: list[Reader]) -> dict[str, Any]:
        """From the acknowledgement of an event to the next page, and whether that page knows of it.

        A creator on the newest page is blocked: the next page has nothing of theirs. In between nothing waits.
        """
        client, times, broken = Client(self.on.port), [], 0
        for reader in (readers * 2)[: max(20, self.viewers)]:
            await first_page(client, reader)
            _, body = await client.ask(reader.ask())
            reader.learn(body)
            item = orjson.loads(body)["items"][0]
            event = {"event_id": f"o{next(self._numbers)}", "reel_id": item["reel_id"], "kind": "block"}
            sent = orjson.dumps({"events": [event | {"occurred_at": now_ms()}]})
            status, _ = await client.ask(request("POST", "/events", reader.token, sent))
            began = time.perf_counter()
            _, body = await client.ask(reader.ask())
            times.append((time.perf_counter() - began) * 1000)
            creators = [one["creator_id"] for one in orjson.loads(body)["items"]]
            broken += status != 200 or item["creator_id"] in creators
        client.close()
        return Times(times, broken, sum(times) / 1000).summary()

    async def compared(self, readers: list[Reader]) -> dict[str, Any]:
        """The same load on plain FastAPI and on ready bytes."""
        found: dict[str, Any] = {}
        for kind in ("plain", "ready"):
            async with feed_comparison.beside(kind, self.on, readers) as (pid, port):
                for clients in (1, 16):
                    phase = lambda n=clients, at=port: closed(at, shared(readers, n), self.seconds)  # noqa: E731
                    found.setdefault(kind, {})[str(clients)] = await self.repeated(phase, pid)
        return found


class Pages:
    """Page after page, PAGES of a viewer and then of the next; a viewer who is waited for is passed over."""

    def __init__(self, readers: list[Reader]) -> None:
        self._free = deque(readers)
        self._left = dict.fromkeys((one.user_id for one in readers), PAGES)

    def __call__(self) -> tuple[bytes, Callable[[bytes], bool]] | None:
        """The next request; None while everybody is waited for."""
        if not self._free:
            return None
        reader = self._free.popleft()

        def good(body: bytes) -> bool:
            self._left[reader.user_id] -= 1
            if self._left[reader.user_id] > 0:
                self._free.appendleft(reader)
            else:
                self._left[reader.user_id] = PAGES
                self._free.append(reader)
            return reader.learn(body)

        return reader.ask(), good


def shared(readers: list[Reader], clients: int) -> list[Turn]:
    """A turn for each client, every one with viewers of its own."""
    return [Pages(readers[number::clients]) for number in range(clients)]


def each_once(readers: list[Reader]) -> Turn:
    """One page of each."""
    waiting = deque(readers)

    def turn() -> tuple[bytes, Callable[[bytes], bool]] | None:
        if not waiting:
            return None
        reader = waiting.popleft()
        return reader.ask(), reader.learn

    return turn


def now_ms() -> int:
    """Of the clock on the wall."""
    return round(time.time() * 1000)


def measure(directory: Path, *, quick: bool) -> None:
    """All figures of one directory, kept."""
    data = prepared(directory)
    started = machine()
    with serving(data) as on:
        reels = len(on.snapshot.keys)
        bench = Bench(on, 0.5 if quick else 4.0, 20 if quick else 200)
        figures = uvloop.run(bench.run())
        figures["reels"], figures["quick"] = reels, quick
        figures["flames"] = uvloop.run(feed_comparison.flames(on, bench, performance_document.FLAMES, quick=quick))
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"{reels}.json"
    kept.write_text(json.dumps({"machine": started, "load_at_end": os.getloadavg()[0], **figures}, indent=2) + "\n")
    print(f"kept in {kept}")


def main() -> None:
    """Measure, keep, write the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", type=Path, nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--document", action="store_true")
    asked = parser.parse_args()
    logs.configure("error")
    for directory in asked.directories:
        if asked.again or asked.quick or not performance_document.has(prepared(directory)):
            measure(directory, quick=asked.quick)
    if not asked.quick:
        performance_document.write()


if __name__ == "__main__":
    main()
