"""Simulated viewers over HTTPS through the deployed nginx configuration, on two API workers and a job worker.

    python -m benchmarks.load                 # 10 minutes at 70%; keeps results/load.json and the document's table
    python -m benchmarks.load --steady 60     # shorter, keeps nothing

1. capacity   32 clients that ask as soon as they are answered, when as many viewers come and go as later
2. steady     70% of it, open loop: no error, p99 of the last third as in the first, no process grows
3. overload   3 times capacity: refusals only by 429 and 503
4. after it   70% again: seconds until nothing is refused and p99 is as before

The client has one core of the machine for itself; nginx, API, worker, MongoDB and Valkey share the others: a client
that competes with what it measures asks too late, and calls that a slow answer. Access tokens live for three minutes:
what is kept for each of them is as much as it will be within the first third.
"""

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import uvloop
from benchmarks.load_client import REFUSED, Crowd, Sample
from benchmarks.machine import keep, machine
from scipy.stats import theilslopes
from tests.deploy.behind_nginx import BALANCER
from tests.faults.served import Served, system

from reels.cli import logs

CLIENTS = 32
SHARE, OVERLOAD = 0.7, 3.0
LOOK_EVERY_SEC = 2.0
TOKEN_SEC = 180
WARM_SEC = 90.0
"""Two generations of viewers: before, hardly anybody has a history, and a request costs less than it will."""
DOCS = Path(__file__).resolve().parents[1] / "docs" / "reliability.md"


def main() -> None:
    """Measure, judge, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--capacity", type=float, default=30.0, help="seconds of each part")
    parser.add_argument("--steady", type=float, default=600.0)
    parser.add_argument("--overload", type=float, default=30.0)
    parser.add_argument("--after", type=float, default=30.0)
    parser.add_argument("--keep", action="store_true", help="write the result and the table even of a short run")
    asked = parser.parse_args()
    logs.configure("error")
    started = machine()
    ours, theirs = cores()
    os.sched_setaffinity(0, theirs)  # of this thread; what it starts inherits it
    with (
        tempfile.TemporaryDirectory(prefix="load-") as made,
        system(
            Path(made),
            apis=2,
            proxied=True,
            worker=True,
            REELS_TRENDING_EVERY_SEC="15",
            REELS_LOG_LEVEL="warning",
            REELS_ACCESS_TOKEN_SEC=str(TOKEN_SEC),
        ) as served,
    ):
        os.sched_setaffinity(0, ours)
        figures = uvloop.run(measured(served, asked.capacity, asked.steady, asked.overload, asked.after))
    figures = {"load_at_start": started["load_at_start"], "cores_of_the_system": len(theirs), **figures}
    print(json.dumps(figures, indent=2))
    if asked.keep or asked.steady >= 600:
        print(f"kept in {keep('load', figures)}")
        put_into(DOCS, figures)
    if wrong := failings(figures):
        raise SystemExit("\n".join(wrong))


def cores() -> tuple[set[int], set[int]]:
    """The client's core and the system's; the same one where there is but one."""
    all_of_them = sorted(os.sched_getaffinity(0))
    return {all_of_them[-1]}, set(all_of_them[:-1]) or {all_of_them[-1]}


async def measured(served: Served, capacity: float, steady: float, overload: float, after: float) -> dict[str, Any]:
    """All four parts."""
    assert served.site is not None
    crowd = Crowd(served.site.https, served.site.trust(), BALANCER, seed=7)
    await crowd.side_by_side(CLIENTS, min(WARM_SEC, 3 * capacity))
    full = answered(await crowd.side_by_side(CLIENTS, capacity)) / capacity
    memory: dict[str, list[tuple[float, float]]] = {}
    watch = asyncio.create_task(watch_memory(served, memory))
    before = cpu_sec(served)
    even = await crowd.at_rate(SHARE * full, steady)
    cores_used = {name: round((now - before[name]) / steady, 3) for name, now in cpu_sec(served).items()}
    watch.cancel()
    much = await crowd.at_rate(OVERLOAD * full, overload)
    end = asyncio.get_running_loop().time()
    calm = await crowd.at_rate(SHARE * full, after)
    crowd.close()
    thirds = p99_of_thirds(even)
    return {
        "capacity": {"requests_per_sec": round(full, 1), "clients": CLIENTS, "seconds": capacity},
        "steady": {
            "requests_per_sec": round(SHARE * full, 1),
            "seconds": steady,
            **summary(even),
            "p99_ms_of_thirds": thirds,
            "cores_used": cores_used,
            "memory": {name: growth(points) for name, points in sorted(memory.items())},
        },
        "overload": {"requests_per_sec": round(OVERLOAD * full, 1), "seconds": overload, **summary(much)},
        "after": {
            **summary(calm),
            "recovered_sec": recovered(calm, end, 3 * max(thirds) / 1000),
        },
    }


def answered(samples: Sequence[Sample]) -> int:
    """How many got what they asked for."""
    return sum(one.status == 200 for one in samples)


def summary(samples: Sequence[Sample]) -> dict[str, Any]:
    """Counts, and times in ms of what was answered, from when it was due."""
    statuses = Counter(one.status for one in samples)
    figures: dict[str, Any] = {
        "requests": len(samples),
        "answered": statuses[200],
        "refused": sum(statuses[one] for one in REFUSED),
        "errors": {str(k): n for k, n in sorted(statuses.items()) if k not in (200, *REFUSED)},
    }
    for kind in ("feed", "events"):
        times = [one.sec * 1000 for one in samples if one.kind == kind and one.status == 200]
        if times:
            p50, p95, p99 = np.percentile(times, [50, 95, 99])
            figures[kind] = {"p50_ms": round(p50, 1), "p95_ms": round(p95, 1), "p99_ms": round(p99, 1)}
    refused = [one.sec * 1000 for one in samples if one.status in REFUSED]
    if refused:
        figures["refusal"] = {"p50_ms": round(float(np.median(refused)), 1)}
    return figures


def p99_of_thirds(samples: Sequence[Sample]) -> list[float]:
    """99th percentile of pages and events together, in ms, of each third of the time."""
    due = np.array([one.due for one in samples])
    took = np.array([one.sec for one in samples]) * 1000
    third = np.minimum(2, (due - due.min()) / (np.ptp(due) / 3)).astype(int)
    return [round(float(np.percentile(took[third == n], 99)), 1) for n in range(3)]


def recovered(samples: Sequence[Sample], since: float, bound_sec: float) -> float:
    """Seconds after `since` from which on nobody is refused and nothing takes longer than the bound."""
    bad = [one.due for one in samples if one.status != 200 or one.sec > bound_sec]
    return round(max([0.0, *(due - since for due in bad)]), 1)


async def watch_memory(served: Served, into: dict[str, list[tuple[float, float]]]) -> None:
    """Private memory of every process, (s, MB), for ever."""
    pids, loop = processes(served), asyncio.get_running_loop()
    while True:
        for name, pid in pids.items():
            into.setdefault(name, []).append((loop.time(), private_mb(pid)))
        await asyncio.sleep(LOOK_EVERY_SEC)


def processes(served: Served) -> dict[str, int]:
    """Process ids by name; nginx' is its worker's."""
    assert served.site is not None
    assert served.worker is not None
    master = int((served.site.directory / "nginx.pid").read_text())
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    pids = {child.name: child.pid for child in (*served.apis, served.worker)}
    return pids | {"nginx": int(children[0]), "mongod": served.stores.mongod.pid, "valkey": served.stores.valkey.pid}


def cpu_sec(served: Served) -> dict[str, float]:
    """Processor time of every process so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    spent = {}
    for name, pid in processes(served).items():
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        spent[name] = (int(fields[11]) + int(fields[12])) / ticks
    return spent


def private_mb(pid: int) -> float:
    """A process' own pages: not mapped files, nor what nginx' workers share, whose size is configured."""
    found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def growth(points: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Theil-Sen slope after the first third (caches fill), MB a minute, with its 95% bounds."""
    late = np.array(points[len(points) // 3 :])
    slope, _, low, high = theilslopes(late[:, 1], late[:, 0] / 60)
    return {
        "mb_at_first": round(points[0][1], 1),
        "mb_at_last": round(points[-1][1], 1),
        "mb_a_minute": round(float(slope), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
    }


GROWING = ("mongod", "valkey")
"""Hold data that grows with what viewers do, up to limits of their own (cache size, maxmemory)."""
HOURLY_GROWTH = 0.1
"""Of a process' memory: less an hour is not told from none within ten minutes."""


def failings(figures: dict[str, Any]) -> list[str]:
    """What is not as promised."""
    wrong = []
    steady, overload, after = figures["steady"], figures["overload"], figures["after"]
    if steady["errors"] or steady["refused"]:
        wrong.append(f"at 70%: errors {steady['errors']}, refused {steady['refused']}")
    first, _, last = steady["p99_ms_of_thirds"]
    if last > 1.5 * first + 10:
        wrong.append(f"at 70%: p99 went from {first} to {last} ms")
    wrong += [
        f"{name} grows by {one['mb_a_minute']} MB a minute"
        for name, one in steady["memory"].items()
        if name not in GROWING and one["low"] * 60 > HOURLY_GROWTH * one["mb_at_last"]
    ]
    if overload["errors"] or not overload["refused"]:
        wrong.append(f"at 3 times capacity: errors {overload['errors']}, refused {overload['refused']}")
    if after["errors"] or after["recovered_sec"] > 10:
        wrong.append(f"after the overload: errors {after['errors']}, well after {after['recovered_sec']} s")
    return wrong


def put_into(file: Path, figures: dict[str, Any]) -> None:
    """The figures between the marks of the document."""
    told, steady, overload = machine(), figures["steady"], figures["overload"]
    where = f"{told['date']}, commit {told['commit']}, {told['cpu']}, {told['cores']} cores"
    thirds = ", ".join(f"{one:g}" for one in steady["p99_ms_of_thirds"])
    lines = [
        f"Measured on {where}; the client on one core, nginx, two API "
        f"workers, job worker, MongoDB and Valkey on {figures['cores_of_the_system']} other.",
        "",
        "| | requests a second | answered | refused (429, 503) | errors | `/feed` p50, p99 | `/events` p50, p99 |",
        "|---|---|---|---|---|---|---|",
        f"| capacity, {figures['capacity']['clients']} clients | {figures['capacity']['requests_per_sec']} | | | | | |",
        _line(f"70%, {steady['seconds'] / 60:g} minutes", steady),
        _line(f"3 times capacity, {overload['seconds']:g} s", overload),
        "",
        f"At 70%: p99 of each third {thirds} ms. After the overload, at 70% again: all well after "
        f"{figures['after']['recovered_sec']:g} s.",
        "",
        "| process | cores used | own MB at first | MB at last | MB a minute (95% bounds), after the first third |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {steady['cores_used'][name]} | {one['mb_at_first']} | {one['mb_at_last']} | "
            f"{one['mb_a_minute']} ({one['low']} to {one['high']}) |"
            for name, one in steady["memory"].items()
        ),
    ]
    text = file.read_text(encoding="utf-8")
    table = "\n".join(lines)
    new = re.sub(
        r"(<!-- load -->\n).*(<!-- /load -->)", lambda found: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL
    )
    file.write_text(new, encoding="utf-8")


def _line(name: str, part: dict[str, Any]) -> str:
    times = [f"{part[kind]['p50_ms']:g}, {part[kind]['p99_ms']:g} ms" for kind in ("feed", "events")]
    errors = sum(part["errors"].values())
    return (
        f"| {name} | {part['requests_per_sec']} | {part['answered']} | {part['refused']} | {errors} | "
        f"{times[0]} | {times[1]} |"
    )


if __name__ == "__main__":
    main()
