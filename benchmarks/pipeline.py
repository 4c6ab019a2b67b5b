"""The offline path on real logs: import, train, answer every viewer. Wall and CPU time and peak memory of each command.

    python benchmarks/pipeline.py microlens ../shared/data/microlens50k kuairand ../shared/data/kuairand_pure

Memory is the largest single process of the command (the private mongod and the worker processes among them).
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import keep, machine
from rich.console import Console
from rich.table import Table


def main() -> None:
    """Measure and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", nargs="+", help="NAME DIRECTORY, as often as wanted")
    pairs = parser.parse_args().datasets
    started = machine()["load_at_start"]
    figures = {
        name: measured(name, Path(folder).resolve()) for name, folder in zip(pairs[::2], pairs[1::2], strict=True)
    }
    path = keep("pipeline", {"load_at_start": started, **figures})
    show(figures)
    print(f"kept in {path}")


def measured(name: str, folder: Path) -> dict[str, Any]:
    """Each command of the path on a data directory of its own."""
    with tempfile.TemporaryDirectory(prefix="pipeline-") as directory:
        os.environ["REELS_DATA_DIR"] = directory
        return {
            "import": run("import", "dataset", name, str(folder), "--rejects", f"{directory}/rejects.csv"),
            "jobs run": run("jobs", "run"),
            "batch --k 20": run("batch", "--k", "20", "--out", f"{directory}/recs.csv"),
        }


def run(*command: str) -> dict[str, float]:
    """Wall s, CPU s (its children's too) and peak MB of one `reels` command."""
    began = time.perf_counter()
    pid = os.posix_spawn(sys.executable, [sys.executable, "-m", "reels", *command], os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"reels {' '.join(command)} failed")
    return {
        "wall_sec": round(time.perf_counter() - began, 1),
        "cpu_sec": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def show(figures: dict[str, Any]) -> None:
    """As a table."""
    table = Table("data set", "command", "wall s", "CPU s", "peak MB")
    for name, steps in figures.items():
        for step, row in steps.items():
            table.add_row(name, step, *(str(row[key]) for key in ("wall_sec", "cpu_sec", "peak_mb")))
    Console().print(table)


if __name__ == "__main__":
    main()
