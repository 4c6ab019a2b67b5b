"""What the offline jobs take on a generated catalogue of any size: wall and CPU time and memory of each.

    reels generate --reels 100000 --users 20000 --history 52 --out DATA
    python benchmarks/training.py DATA VAR [--text hash] [--without NAME,NAME]

Reads DATA/reels.parquet and DATA/events.parquet as the job `gather` reads MongoDB (that is timed apart: `reels jobs
run`), leaves the jobs' results in VAR/work and the snapshot in VAR/snapshots, where `REELS_DATA_DIR=VAR reels api`
finds it. A stopped run goes on where it was. `--text hash`: hashed n-grams in place of the sentence encoder, for the
time of the jobs and not for their quality; what an encoder takes is measured on a sample of the texts.
"""

import argparse
import asyncio
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from machine import keep

from reels.core.errors import BadRow
from reels.core.keys import keys_of
from reels.core.ports import EventColumns, StoredReel
from reels.core.progress import Silent
from reels.core.types import EventKind
from reels.ingest.files.reels import read_reels
from reels.jobs import (
    cf_matrix,
    ease,
    factorization,
    newcomers,
    popularity,
    ranker,
    recent,
    sequence,
    shallow,
    snapshot,
    words,
)
from reels.jobs.embeddings import fit_content
from reels.jobs.gather import keep_gathered
from reels.learning.catalogue import Catalogue, catalogue_of, joined
from reels.learning.embedders import embedder_of
from reels.learning.factorization import FactorizationConfig
from reels.learning.interactions import Collector
from reels.learning.preprocessing import clean, content_hash
from reels.learning.ranker import RankerConfig
from reels.learning.sequence import SequenceConfig
from reels.learning.shallow import ShallowConfig
from reels.learning.shelf import Shelf
from reels.learning.training_set import load_catalogue
from reels.learning.workbench import Workbench, digest
from reels.settings import Settings
from reels.wiring.jobs import fits_of

BATCH = 50_000
DAY = 86_400.0
SAMPLE = 500
"""Texts by which an encoder is timed."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("data", type=Path)
    asked.add_argument("var", type=Path)
    asked.add_argument("--text", default="hash")
    asked.add_argument("--without", default="", help="jobs to leave out, by name, comma between")
    asked.add_argument("--threads", type=int, default=1)
    asked.add_argument("--results", default="training", help="name of the file in benchmarks/results")
    given = asked.parse_args()
    rows = asyncio.run(measured(given))
    total = {name: round(sum(row[name] for row in rows.values()), 1) for name in ("wall_sec", "cpu_sec")}
    total["peak_mib"] = max(row["peak_mib"] for row in rows.values())
    print(f"all {total}")
    keep(given.results, {"data": given.data.name, "text": given.text, "jobs": rows, "all": total})


async def measured(given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    bench, shelf = Workbench(given.var / "work"), Shelf(given.var / "snapshots")
    settings, fits = Settings(data_dir=given.var, embedder=given.text), None
    fits = fits_of(settings)
    faded = {"half_life_sec": fits.half_life_sec, "progress": Silent()}
    threads = {**faded, "threads": given.threads}

    async def gathered() -> dict[str, Any]:
        return await asyncio.to_thread(gather, bench, given.data)

    async def embedded() -> dict[str, Any]:
        return await asyncio.to_thread(embed, bench, given.text, fits.content_dim)

    async def made() -> dict[str, Any]:
        created = load_now(bench)
        return await snapshot.run(bench, shelf, now=created, keep=2, progress=Silent(), compare=False)

    jobs: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "gather": gathered,
        "embeddings": embedded,
        "cf_matrix": lambda: cf_matrix.run(bench, neighbours=fits.neighbours, **threads),
        "factorization": lambda: factorization.run(bench, FactorizationConfig(factors=fits.factors), **threads),
        "popularity": lambda: popularity.run(bench, half_life_sec=fits.popularity_half_life_sec, progress=Silent()),
        "sequence": lambda: sequence.run(bench, SequenceConfig(epochs=fits.sequence_epochs), **threads),
        "shallow": lambda: shallow.run(bench, ShallowConfig(epochs=fits.shallow_epochs), **threads),
        "words": lambda: words.run(bench, neighbours=fits.neighbours, threads=given.threads, progress=Silent()),
        "ease": lambda: ease.run(bench, neighbours=fits.ease_neighbours, **faded),
        "newcomers": lambda: newcomers.run(bench, neighbours=fits.neighbours, **faded),
        "recent": lambda: recent.run(bench, **faded),
        "ranker": lambda: ranker.run(
            bench, RankerConfig(viewers=settings.ranker_viewers), fits, threads=given.threads, progress=Silent()
        ),
        "snapshot": made,
    }
    left_out = set(given.without.split(","))
    return {name: await timed(name, job) for name, job in jobs.items() if name not in left_out}


async def timed(name: str, job: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Runs it; its peak is what the process had at most while it ran."""
    peak_mib(anew=True)
    wall, cpu = time.perf_counter(), cpu_sec()
    details = await job()
    took = {
        "wall_sec": round(time.perf_counter() - wall, 1),
        "cpu_sec": round(cpu_sec() - cpu, 1),
        "peak_mib": peak_mib(),
    }
    print(name, took, details, flush=True)
    return took


def peak_mib(*, anew: bool = False) -> int:
    """Most memory of this process since it was last counted `anew`."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


def cpu_sec() -> float:
    """Of this process and its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def load_now(bench: Workbench) -> float:
    """When the input was gathered: the generated data's own now."""
    return float(bench.load("catalogue", ("now",))["now"])


def gather(bench: Workbench, data: Path) -> dict[str, Any]:
    """Catalogue and pairs from the files onto the workbench, where they are not there yet."""
    if bench.digest_of("interactions") is not None:
        return {"unchanged": True}
    parts = [catalogue_of(batch) for batch in stored(data / "reels.parquet")]
    catalogue = joined(parts)
    collector = Collector()
    for columns in events(data / "events.parquet"):
        collector.add(columns)
    pairs = collector.finish()
    now = float(pairs.at.max()) + 1.0
    keep_gathered(bench, catalogue, pairs, now)
    return {"reels": len(catalogue.keys), "events": pairs.events, "pairs": len(pairs.reels)}


def stored(path: Path) -> Iterator[list[StoredReel]]:
    """The reels of the file as a store would hold them."""
    batch: list[StoredReel] = []
    for reel in read_reels(path):
        if isinstance(reel, BadRow):
            raise SystemExit(f"{path}: {reel}")
        at = reel.published_at or 0.0
        batch.append(StoredReel(reel, at, at, content_hash(clean(reel.title, reel.tags))))
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def events(path: Path) -> Iterator[EventColumns]:
    """The events of the file, in its order (by viewer and time)."""
    place = {kind.value: i for i, kind in enumerate(EventKind)}
    key_of_reel: dict[str, int] = {}
    for batch in pq.ParquetFile(path).iter_batches(BATCH):
        table = {name: batch.column(name) for name in batch.schema.names}
        names = table["reel_id"].to_pylist()
        fresh = list(set(names).difference(key_of_reel))
        key_of_reel.update(zip(fresh, keys_of(fresh).tolist(), strict=True))
        yield EventColumns(
            user_id=table["user_id"].to_pylist(),
            reel=np.fromiter((key_of_reel[one] for one in names), np.int64, len(names)),
            kind=np.fromiter((place[one] for one in table["kind"].to_pylist()), np.uint8, len(names)),
            occurred_at=table["occurred_at"].cast("int64").to_numpy(zero_copy_only=False) / 1000.0,
            watch_sec=table["watch_sec"].to_numpy(zero_copy_only=False).astype(np.float32),
            duration_sec=table["duration_sec"].to_numpy(zero_copy_only=False).astype(np.float32),
        )


def embed(bench: Workbench, name: str, dim: int) -> dict[str, Any]:
    """Content vectors as the job `embeddings` makes them, without a store between: one embedding a distinct text."""
    catalogue, _ = load_catalogue(bench)
    embedder, made_of = embedder_of(name), digest("benchmark", name, dim, catalogue.keys)
    if bench.digest_of("content") == made_of:
        return {"unchanged": True}
    raw = np.lib.format.open_memmap(bench.path("raw.npy"), "w+", np.float32, (len(catalogue.keys), embedder.dim))
    rows_of_text: dict[str, list[int]] = {}
    for row, content in enumerate(catalogue.hashes):
        rows_of_text.setdefault(content, []).append(row)
    groups = list(rows_of_text.values())
    for start in range(0, len(groups), 1024):
        some = groups[start : start + 1024]
        vectors = embedder.embed([catalogue.texts[rows[0]] for rows in some])
        for rows, vector in zip(some, vectors, strict=True):
            raw[rows] = vector
    known = fit_content(bench, made_of, catalogue, raw, embedder, dim)
    bench.path("raw.npy").unlink()
    return {"texts": len(groups), "with_vector": known, **encoder_rate(catalogue)}


def encoder_rate(catalogue: Catalogue) -> dict[str, Any]:
    """Texts a second and core of the sentence encoder, where it is installed."""
    try:
        encoder = embedder_of("use")
        sample = [catalogue.texts[i] for i in np.random.default_rng(0).integers(0, len(catalogue.texts), SAMPLE)]
        encoder.embed(sample[:10])
    except Exception as error:  # the model is not there: no rate, the rest counts
        return {"encoder": f"not timed: {error}"}
    began = time.perf_counter()
    encoder.embed(sample)
    return {"encoder_texts_per_sec": round(SAMPLE / (time.perf_counter() - began))}


if __name__ == "__main__":
    main()
