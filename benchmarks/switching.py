"""What viewers notice of a new snapshot: pages at a fixed rate without and with switches to and fro.

    python -m benchmarks.switching DATA [--rate 50] [--seconds 20] [--every 5]

DATA is a data directory with a snapshot (`benchmarks/training.py`, or one that `reels` has trained in). Its snapshot
is put on the shelf a second time under another name; one API worker serves, its shelf is switched every so many
seconds. Requests are open-loop and timed from when they were due. Wall times are those of the machine as it is: the
run without switches beside it says what is not the switches'.
"""

import argparse
import asyncio
import itertools
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks.feed_client import Reader, Turn, opened
from benchmarks.feed_system import Serving, cpu_sec, memory_mb, serving, with_history
from benchmarks.machine import keep

from reels.learning.shelf import Shelf
from reels.learning.snapshot import MANIFEST

VIEWERS, HISTORY = 20, 50


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("data", type=Path)
    asked.add_argument("--rate", type=float, default=50.0)
    asked.add_argument("--seconds", type=float, default=20.0)
    asked.add_argument("--every", type=float, default=5.0)
    given = asked.parse_args()
    shelf = Shelf(given.data / "snapshots")
    names = [shelf.current() or "", twin_of(shelf)]
    try:
        with serving(given.data) as system:
            figures = asyncio.run(measured(system, shelf, names, given))
    finally:
        shelf.switch(names[0])
        shutil.rmtree(shelf.root / names[1])
    print(json.dumps(figures, indent=1))
    keep("switching", {"rate": given.rate, "every_sec": given.every, **figures})


def twin_of(shelf: Shelf) -> str:
    """The snapshot in use once more, of the same files."""
    name = shelf.current()
    if not name:
        raise SystemExit(f"no snapshot in {shelf.root}")
    twin = f"{name}twin"
    shutil.rmtree(shelf.root / twin, ignore_errors=True)
    shutil.copytree(shelf.root / name, shelf.root / twin, copy_function=os.link)
    told = json.loads((shelf.root / name / MANIFEST).read_text())
    (shelf.root / twin / MANIFEST).unlink()
    (shelf.root / twin / MANIFEST).write_text(json.dumps(told | {"version": twin}))
    return twin


async def measured(system: Serving, shelf: Shelf, names: list[str], given: argparse.Namespace) -> dict[str, Any]:
    readers = await with_history(system, "switch", VIEWERS, HISTORY)
    figures: dict[str, Any] = {"reels": len(system.snapshot.keys)}
    for phase in ("without", "with"):
        switches: list[float] = []
        task = asyncio.create_task(switching(shelf, names, given.every, switches)) if phase == "with" else None
        cpu, turn = cpu_sec(system.pid), pages(readers)
        times = await opened(system.port, turn, given.rate, given.seconds)
        if task is not None:
            task.cancel()
        cpu = cpu_sec(system.pid) - cpu
        figures[phase] = {**times.summary(), "cpu_ms_per_request": round(cpu * 1e3 / max(len(times.ms), 1), 2)}
        if switches:
            figures[phase] |= {"switches": len(switches), "switch_sec": round(max(switches), 3)}
    figures["memory_mb"] = memory_mb(system.pid)
    return figures


async def switching(shelf: Shelf, names: list[str], every: float, took: list[float]) -> None:
    """Turns the shelf to and fro; how long each turn took (reading the snapshot, where somebody has to)."""
    for name in itertools.cycle(names[::-1]):
        began = time.perf_counter()
        await asyncio.to_thread(shelf.switch, name)
        took.append(time.perf_counter() - began)
        await asyncio.sleep(every)


def pages(readers: list[Reader]) -> Turn:
    """The viewers in turn, each their next page."""
    order = itertools.cycle(readers)

    def turn() -> Any:
        reader = next(order)
        return reader.ask(), reader.learn

    return turn


if __name__ == "__main__":
    main()
