"""docs/performance.md and its plots from results/performance/*.json. `python -m benchmarks.performance --document`."""

import json
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from benchmarks.machine import RESULTS

from reels.learning.shelf import Shelf

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "performance.md"
IMAGES = ROOT / "docs" / "images"
FLAMES = IMAGES / "feed-flames.svg"
Figures = dict[str, Any]
TARGETS = (
    "| | to reach | measured |\n|---|---|---|\n"
    "| warm `/feed`, 1 client | p50 <= 1 ms, p99 <= 5 ms, CPU <= 600 us | "
    "p50 {warm[p50_ms]} ms, p99 {warm[p99_ms]} ms, CPU {warm[cpu_us]:.0f} us |\n"
    "| cold `/feed`, 1 client | p50 <= 6 ms, p99 <= 15 ms | p50 {cold[p50_ms]} ms, p99 {cold[p99_ms]} ms |\n"
    "| warm throughput of one worker | >= 5 times plain FastAPI, >= 1,500 requests/s/core | "
    "{times:.1f} times, {core:.0f} requests/s/core |\n"
    "| event acknowledged until the next page obeys | p99 <= 20 ms | p99 {obeys[p99_ms]} ms |\n"
)


def results() -> list[Figures]:
    """All that was measured, the smallest catalogue first."""
    found = [json.loads(file.read_text()) for file in (RESULTS / "performance").glob("*.json")]
    return sorted(found, key=lambda one: int(one["reels"]))


def has(data: Path) -> bool:
    """Whether this catalogue was measured, at length."""
    reels = len(Shelf(data / "snapshots").open_current().keys)
    return any(one["reels"] == reels and not one["quick"] for one in results())


def write() -> None:
    """Tables between the marks of the document, and the plots."""
    found = results()
    if not found:
        raise SystemExit("nothing was measured yet")
    _plots(found)
    text = DOCUMENT.read_text(encoding="utf-8")
    tables = "\n\n".join(_sections(found))
    new = re.sub(
        r"(<!-- performance -->\n).*(<!-- /performance -->)", lambda m: f"{m[1]}{tables}\n{m[2]}", text, flags=re.DOTALL
    )
    DOCUMENT.write_text(new, encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")


def _sections(found: list[Figures]) -> list[str]:
    largest = found[-1]
    told = largest["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in told["packages"].items())
    loads = ", ".join(f"{one['reels']:,}: {one['machine']['load_at_start']:.1f}" for one in found)
    where = (
        f"Measured {told['date']}, commit {told['commit']}, {told['cpu']}, {told['cores']} cores, "
        f"{told['memory_gib']} GiB, Python {told['python']}, {packages}. Load before the start: {loads}. "
        "Client, API worker, MongoDB and Valkey on the one machine."
    )
    return [
        where,
        f"### Against the goals, at {largest['reels']:,} reels\n\n{_targets(found)}",
        "### Warm `/feed` by clients (closed loop)\n\n" + _table(found, "warm", "clients"),
        "### Warm `/feed` at fixed rates (open loop, timed from when each was due)\n\n"
        + _table(found, "open", "a second"),
        "### Warm `/feed` by events in the history, 1 client\n\n" + _table(found, "history", "events"),
        "### Warm `/feed` with ten events before each page, 1 client\n\n"
        + _rows([("", one["reels"], one["session"]) for one in found], ""),
        "### Cold `/feed`, 1 client\n\n" + _table(found, "cold", ""),
        "### POST /events, ten events each\n\n" + _table(found, "events", "clients"),
        "### From an acknowledged event to the next page\n\n"
        + _rows([("block", one["reels"], one["obeys"]) for one in found], ""),
        "### Beside plain FastAPI and raw ASGI that returns ready bytes\n\n" + _compared(found),
        "### Memory of the API worker\n\n" + _memory(found),
        "![CPU by clients](images/performance-cpu.svg)\n\n![p50 and p99](images/performance-times.svg)"
        + ("\n\n[Flame graph of the API worker under 16 clients](images/feed-flames.svg)" if FLAMES.exists() else ""),
    ]


def _targets(found: list[Figures]) -> str:
    largest = found[-1]
    sixteen, plain = largest["warm"]["16"], largest["comparison"]["plain"]["16"]
    text = TARGETS.format(
        warm=largest["warm"]["1"],
        cold=largest["cold"]["new candidates"],
        times=plain["cpu_us"] / sixteen["cpu_us"],
        core=1e6 / sixteen["cpu_us"],
        obeys=largest["obeys"],
    )
    if len(found) > 1:
        warm, cold = (
            [one[kind][which]["p50_ms"] for one in (found[0], largest)]
            for kind, which in (("warm", "1"), ("cold", "new candidates"))
        )
        text += (
            f"| {found[0]['reels']:,} to {largest['reels']:,} reels, p50 | warm <= 1.2 times, cold <= 3 times | "
            f"{warm[1] / warm[0]:.2f}, {cold[1] / cold[0]:.2f} times |\n"
        )
    return text + "\nRequests a second and core, and times plain FastAPI, by CPU time: 16 clients, one run."


def _table(found: list[Figures], kind: str, what: str) -> str:
    names = list(dict.fromkeys(name for one in found for name in one[kind]))
    return _rows([(name, one["reels"], one[kind][name]) for name in names for one in found if name in one[kind]], what)


def _rows(rows: list[tuple[str, int, Figures]], what: str) -> str:
    lines = [
        f"| {what} | reels | requests/s | p50 ms | p95 ms | p99 ms | CPU us | failed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, reels, one in rows:
        cpu = f"{one['cpu_us']:.0f}" if "cpu_us" in one else ""
        times = " | ".join(f"{one[key]:.2f}" for key in ("p50_ms", "p95_ms", "p99_ms"))
        lines.append(f"| {name} | {reels:,} | {one['per_sec']:.0f} | {times} | {cpu} | {one['failed']:.0f} |")
    return "\n".join(lines)


def _compared(found: list[Figures]) -> str:
    named = (("this", None), ("plain FastAPI", "plain"), ("raw ASGI, ready bytes", "ready"))
    rows = []
    for one in found:
        for name, kind in named:
            of = one["warm"] if kind is None else one["comparison"][kind]
            rows += [(f"{name}, {clients} clients", one["reels"], of[clients]) for clients in ("1", "16")]
    return _rows(rows, "")


def _memory(found: list[Figures]) -> str:
    lines = ["| reels | resident MB | proportional MB | private MB |", "|---|---|---|---|"]
    for one in found:
        memory = one["memory_mb"]
        lines.append(f"| {one['reels']:,} | {memory['resident']} | {memory['proportional']} | {memory['private']} |")
    return "\n".join(lines)


def _plots(found: list[Figures]) -> None:
    IMAGES.mkdir(exist_ok=True)
    mpl.rcParams["svg.hashsalt"] = "reels"
    figure, axes = plt.subplots(figsize=(7, 3.5))
    for one in found:
        clients = [int(name) for name in one["warm"]]
        axes.plot(
            clients, [warm["cpu_us"] for warm in one["warm"].values()], marker="o", label=f"{one['reels']:,} reels"
        )
    plain = found[-1]["comparison"]["plain"]
    axes.plot([1, 16], [plain[n]["cpu_us"] for n in ("1", "16")], "k--", marker="x", label="plain FastAPI")
    axes.set(xscale="log", yscale="log", xlabel="clients", ylabel="CPU of the API process, us a page")
    axes.legend()
    _kept(figure, "performance-cpu.svg")
    figure, axes = plt.subplots(figsize=(7, 3.5))
    for one in found:
        rates = [int(name) for name in one["open"]]
        (line,) = axes.plot(
            rates, [at["p50_ms"] for at in one["open"].values()], marker="o", label=f"{one['reels']:,}, p50"
        )
        p99 = [at["p99_ms"] for at in one["open"].values()]
        axes.plot(rates, p99, marker="o", ls=":", color=line.get_color(), label=f"{one['reels']:,}, p99")
    axes.set(yscale="log", xlabel="pages a second (open loop)", ylabel="ms")
    axes.legend()
    _kept(figure, "performance-times.svg")


def _kept(figure: Any, name: str) -> None:
    figure.tight_layout()
    figure.savefig(IMAGES / name, metadata={"Date": None})
    plt.close(figure)
