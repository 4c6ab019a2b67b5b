"""What it costs a request to be counted, logged and traced: CPU time in one process, no network, no stores.

    python benchmarks/telemetry.py              # every variant in a process of its own; writes results/telemetry.json

A request here is the middleware around an application that notes a page as GET /feed does, two calls of a store, and
the page's own metrics (ten items, four sources, seven stages). Bare is the same application without any of it. Log
lines are rendered and thrown away; spans go to a collector that takes them and forgets.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
from machine import keep, machine
from rich.console import Console
from rich.table import Table
from starlette.types import Message, Receive, Scope, Send

from reels.api.metrics import Metrics
from reels.api.middleware import ROUTE, RequestContext
from reels.api.notes import notes_of
from reels.api.page_metrics import PageMetrics
from reels.cli import logs
from reels.core.keys import keys_of
from reels.core.types import CandidateSet, FeedPage, FeedQuery, RankedReel
from reels.recommender.note import PageNote
from reels.recommender.stages import Done
from reels.telemetry.exposition import shared_directory
from reels.telemetry.tracing import Traced, open_spans

VARIANTS = ("bare", "counted and logged", "with several workers", "traces on, not sampled", "traced")
REQUESTS, ROUNDS = 2000, 9
STAGES = {"read": 0.5, "viewer": 0.1, "candidates": 0.7, "rank": 1.4, "render": 0.1, "keep": 0.3, "total": 3.1}
NOTE = PageNote("85c11814b66b4706b0606f9b831b4977", (), STAGES, again=False, viewer_kept=True)
HEADERS = [(b"host", b"127.0.0.1"), (b"authorization", b"Bearer x"), (b"x-request-id", b"2e228190f461f694183bb7fb")]


class Store:
    """Answers at once and tells how it went, as the stores do."""

    def __init__(self, metrics: Metrics | None) -> None:
        self._metrics = metrics

    async def read(self) -> None:
        """One call."""
        began = time.perf_counter()
        if self._metrics is not None:
            self._metrics.stores("redis", "answered", time.perf_counter() - began)


class Collector(BaseHTTPRequestHandler):
    """Takes spans and forgets them."""

    def do_POST(self) -> None:
        """POST /v1/traces."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def main() -> None:
    """Measure and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=VARIANTS)
    variant = parser.parse_args().variant
    if variant is not None:
        print(asyncio.run(measured(variant)))
        return
    started = machine()
    figures = {name: alone(name) for name in VARIANTS}
    told = {name: {"us": us, "over_bare_us": round(us - figures["bare"], 1)} for name, us in figures.items()}
    path = keep("telemetry", {"load_at_start": started["load_at_start"], "requests": REQUESTS, **told})
    table = Table("variant", "CPU us a request", "over bare")
    for name, row in told.items():
        table.add_row(name, *(f"{value:.1f}" for value in row.values()))
    Console().print(table)
    print(f"kept in {path}")


def alone(variant: str) -> float:
    """In a process of its own, because what is shared and what is imported is decided at its start."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with TemporaryDirectory() as directory:
        environment = os.environ | {"COLLECTOR": f"http://127.0.0.1:{server.server_port}/v1/traces"}
        if variant == "with several workers":
            environment["PROMETHEUS_MULTIPROC_DIR"] = directory
        done = subprocess.run(
            [sys.executable, __file__, "--variant", variant],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # log lines
            check=True,
        )
    server.shutdown()
    return float(json.loads(done.stdout))


async def measured(variant: str) -> float:
    """CPU us a request: the best of several rounds, because the machine may do other things too."""
    logs.configure("info")
    share = {"traced": 1.0, "traces on, not sampled": 0.0}
    with ExitStack() as stack:
        url = os.environ["COLLECTOR"] if variant in share else ""
        spans = stack.enter_context(open_spans(url, share.get(variant, 0.0), "bench", "1"))
        metrics = None if variant == "bare" else Metrics(shared_directory(os.environ))
        store: Any = Store(metrics) if spans is None else Traced(Store(metrics), "redis", "viewers", spans)
        counted = None if metrics is None else PageMetrics(metrics)
        app = application(store, counted)
        serve = app if metrics is None else RequestContext(app, metrics, spans=spans)
        best = float("inf")
        for _ in range(ROUNDS):
            best = min(best, await one_round(serve))
    return round(best, 2)


async def one_round(serve: Callable[[Scope, Receive, Send], Awaitable[None]]) -> float:
    """CPU us a request of one round, all threads counted."""

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None:
        return None

    began = time.process_time()
    for _ in range(REQUESTS):
        await serve({"type": "http", "method": "GET", "path": "/feed", "headers": HEADERS}, receive, send)
    return (time.process_time() - began) / REQUESTS * 1e6


def application(store: Any, counted: PageMetrics | None) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Notes a page as GET /feed does, between two calls of a store."""
    done = page()

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        scope[ROUTE] = "/feed"
        await store.read()
        if counted is not None:
            notes_of(scope).of_page(NOTE)
        await store.read()
        if counted is not None:
            await counted.run(done)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    return app


def page() -> Done:
    """A page of ten, as its metrics see it."""
    sources = (("popular",), ("fresh",), ("content", "item_cf"), ("popular",), ("item_cf",))
    items = tuple(RankedReel("r", 0, 0.5, {}, {}, (), n == 3, 1.0, sources[n % 5]) for n in range(10))
    made = FeedPage("f", "u", items, None, "p", 1, "s", (), 0.0, 1, "d", STAGES)
    cached = CandidateSet(keys_of("a"), np.zeros(1, np.uint16), ("content",), "s", 0.0)
    return Done(FeedQuery("u", 10, 60.0, 1, "f"), made, cast(Any, None), cast(Any, None), cached)


if __name__ == "__main__":
    main()
