"""GET /feed and POST /events on the sample catalogue, one client, over HTTP on the loopback.

    python benchmarks/sample_feed.py            # starts a demo of its own, measures, writes results/sample_feed.json

Each viewer's first page is cold (viewer and candidates are built), the following ones are warm, with events in between.
CPU is that of the API process alone (user + system), per request.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
from machine import keep, machine
from rich.console import Console
from rich.progress import track
from rich.table import Table

from reels.api import key_files
from reels.cli import logs
from reels.cli.demo import SAMPLE, prepare
from reels.cli.serve import System, system
from reels.settings import Settings


def main() -> None:
    """Measure and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=60)
    parser.add_argument("--pages", type=int, default=15, help="pages a viewer, the first of them cold")
    arguments = parser.parse_args()
    logs.configure("error")
    started = machine()
    with TemporaryDirectory(prefix="bench-") as directory:
        settings = Settings(demo=True, data_dir=Path(directory), port=0)
        key_files.create(settings.data_dir / "keys")
        with system(settings) as running:
            asyncio.run(prepare(settings, SAMPLE))
            running.start(app=False)
            figures = measured(running, arguments.viewers, arguments.pages)
    path = keep("sample_feed", {"load_at_start": started["load_at_start"], **figures})
    show(figures)
    print(f"kept in {path}")


def measured(running: System, viewers: int, pages: int) -> dict[str, Any]:
    """Latencies in ms and API CPU in us a request, by kind of request."""
    pid = running.processes.children[0].pid
    kinds: dict[str, list[float]] = {"cold /feed": [], "warm /feed": [], "POST /events (10)": [], "/healthz": []}
    cpu = dict.fromkeys(kinds, 0.0)

    def timed(kind: str, call: Callable[[], httpx.Response]) -> httpx.Response:
        cpu_before, began = cpu_sec(pid), time.perf_counter()
        answer = call()
        kinds[kind].append((time.perf_counter() - began) * 1000)
        cpu[kind] += cpu_sec(pid) - cpu_before
        return answer.raise_for_status()

    with httpx.Client(base_url=running.api_url, timeout=30) as client:
        for number in track(range(viewers + 2), description="viewers"):
            if number == 2:  # the first two warm the client, the connection pools and the code
                for kind in kinds:
                    kinds[kind], cpu[kind] = [], 0.0
            one_viewer(client, timed, pages)
    return {
        kind: {
            "requests": len(times),
            "p50_ms": round(float(np.percentile(times, 50)), 3),
            "p95_ms": round(float(np.percentile(times, 95)), 3),
            "p99_ms": round(float(np.percentile(times, 99)), 3),
            "api_cpu_us": round(cpu[kind] / len(times) * 1e6),
        }
        for kind, times in kinds.items()
    }


def one_viewer(
    client: httpx.Client, timed: Callable[[str, Callable[[], httpx.Response]], httpx.Response], pages: int
) -> None:
    """Signs up, pages, tells what it watched before each next page."""
    token = client.post("/auth/device", json={"region": "US", "language": "en"}).raise_for_status().json()
    headers = {"authorization": f"Bearer {token['access_token']}"}
    cursor = None
    for number in range(pages):
        params = {"limit": "10"} | ({"cursor": cursor} if cursor else {})
        kind = "warm /feed" if number else "cold /feed"
        page = timed(kind, partial(client.get, "/feed", params=params, headers=headers)).json()
        cursor = page["next_cursor"]
        events = [event(item, number, place) for place, item in enumerate(page["items"])]
        timed("POST /events (10)", partial(client.post, "/events", json={"events": events}, headers=headers))
        timed("/healthz", partial(client.get, "/healthz"))


def event(item: dict[str, Any], page: int, place: int) -> dict[str, Any]:
    """Every third reel is watched to the end, the others are skipped."""
    duration = item["duration_sec"] or 10.0
    return {
        "event_id": f"{page}-{place}-{time.time_ns()}",
        "reel_id": item["reel_id"],
        "kind": "watch",
        "occurred_at": round(time.time() * 1000),
        "watch_sec": duration if place % 3 == 0 else 0.5,
        "duration_sec": duration,
    }


def cpu_sec(pid: int) -> float:
    """User and system time of a process so far; its clock ticks are 10 ms, so only sums over many requests tell."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(figures: dict[str, Any]) -> None:
    """As a table."""
    table = Table("request", "n", "p50 ms", "p95 ms", "p99 ms", "API CPU us")
    for kind, row in figures.items():
        table.add_row(kind, *(str(row[name]) for name in ("requests", "p50_ms", "p95_ms", "p99_ms", "api_cpu_us")))
    Console().print(table)


if __name__ == "__main__":
    main()
