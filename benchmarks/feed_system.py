"""What `benchmarks.performance` measures: stores, one API worker, and viewers with a history."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from benchmarks.feed_client import Client, Reader, request

from reels.api import key_files
from reels.api.tokens import Scope, Tokens
from reels.cli import api
from reels.cli.demo import prepare
from reels.cli.processes import answers, environment
from reels.cli.serve import System, system
from reels.learning.shelf import Shelf
from reels.learning.snapshot import Snapshot
from reels.settings import Settings
from reels.stores.redis.connect import connect
from reels.wiring import open_stores, signing_key

TOKEN_SEC = 86_400.0
TASTES = 3
"""Topics a viewer of the measurement likes."""
BATCH = 200
"""Events sent at once while a history is made."""
UNLIMITED = "100000000"
"""Requests a minute: quotas are counted as always, but nobody is refused."""


@dataclass(slots=True)
class Serving:
    """What is being measured."""

    settings: Settings
    running: System
    snapshot: Snapshot
    tokens: Tokens
    pid: int
    port: int

    def reader(self, user_id: str) -> Reader:
        """A viewer with a token."""
        return Reader(user_id, self.tokens.mint(user_id, [Scope.VIEWER], time.time(), TOKEN_SEC))


def prepared(folder: Path) -> Path:
    """The data directory of a folder: itself where it has snapshots; else made of a sample or of `reels generate`'s."""
    if (folder / "snapshots").is_dir():
        return folder
    data = folder / "var"
    if (folder / "reels_dataset.csv").exists():
        key_files.create(data / "keys")
        settings = Settings(demo=True, data_dir=data.resolve(), port=0)
        with system(settings):
            asyncio.run(prepare(settings, folder))
    elif not (data / "snapshots" / "CURRENT").exists():
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name("training.py")), str(folder), str(data)], check=True
        )
    return data


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[Serving]:
    """Stores and one API worker of a data directory. `settings`: further REELS_... variables."""
    values = {f"REELS_LIMIT_{group}": UNLIMITED for group in ("FEED", "EVENTS", "ACCOUNT", "AUTH")} | settings
    made = Settings(demo=True, data_dir=data.resolve(), port=0)
    key_files.create(made.data_dir / "keys")
    with system(made) as running, environment(values):
        asyncio.run(_indexed())
        command = ["api", "--fd", str(running.fd)]
        child = running.processes.start("api-0", command, api.SAYS, answers(f"{running.api_url}/readyz"), (running.fd,))
        shelf = Shelf(made.data_dir / "snapshots")
        port = int(running.api_url.rsplit(":", 1)[1])
        yield Serving(made, running, shelf.open_current(), Tokens(signing_key(made)), child.pid, port)


async def _indexed() -> None:
    """Makes the indexes of MongoDB, as the job worker would."""
    async with open_stores(Settings()):
        pass


async def with_history(serving: Serving, name: str, viewers: int, events: int) -> list[Reader]:
    """Viewers who have done so many things with reels of a few topics, and whose first page has been made."""
    rng = np.random.default_rng(events)
    client, readers, now = Client(serving.port), [], time.time()
    names = reel_ids(serving.snapshot, rng, TASTES * max(events, 50))
    for number in range(viewers):
        reader = serving.reader(f"u_{name}_{events}_{number}")
        readers.append(reader)
        mine = some_of(names, rng, events)
        for start in range(0, events, BATCH):
            sent = [
                {
                    "event_id": f"h{start + i}",
                    "reel_id": reel_id,
                    "kind": "watch",
                    "occurred_at": round((now - 86_400 + 40 * (start + i)) * 1000),
                    "watch_sec": 12.0 if rng.random() < 0.7 else 0.5,
                    "duration_sec": 12.0,
                }
                for i, reel_id in enumerate(mine[start : start + BATCH])
            ]
            status, body = await client.ask(request("POST", "/events", reader.token, orjson.dumps({"events": sent})))
            if status != 200:
                raise SystemExit(f"POST /events answered {status}: {body[:300]!r}")
        await first_page(client, reader)
    client.close()
    return readers


async def first_page(client: Client, reader: Reader) -> None:
    """Asks for it and takes it in."""
    reader.cursor, reader.pages = "", 0
    status, body = await client.ask(reader.ask())
    if status != 200:
        raise SystemExit(f"GET /feed answered {status}: {body[:300]!r}")
    reader.learn(body)


def reel_ids(snapshot: Snapshot, rng: np.random.Generator, most: int) -> list[list[str]]:
    """Some reels of each topic."""
    topics = np.asarray(snapshot.topics)
    found = []
    for topic in range(len(snapshot.manifest.topics)):
        rows = np.flatnonzero((topics == topic) & np.asarray(snapshot.active))
        if len(rows):
            rows = rng.choice(rows, min(len(rows), most), replace=False)
            found.append([orjson.loads(b"{" + _json(snapshot, row) + b"}")["reel_id"] for row in rows.tolist()])
    return found


def some_of(names: list[list[str]], rng: np.random.Generator, count: int) -> list[str]:
    """Reels of a few topics, each once as far as there are enough."""
    liked = rng.choice(len(names), min(TASTES, len(names)), replace=False)
    pool = [one for topic in liked for one in names[topic]]
    rest = [one for topic in names for one in topic]
    chosen = [pool[i] for i in rng.permutation(len(pool))[:count]]
    return chosen + [rest[i] for i in rng.permutation(len(rest))[: max(0, count - len(chosen))]]


def _json(snapshot: Snapshot, row: int) -> bytes:
    start, end = snapshot.reels_offsets[row : row + 2]
    return bytes(snapshot.reels[start:end].tobytes())


async def forget(serving: Serving, readers: list[Reader], *, viewer: bool) -> None:
    """Takes the candidates of these viewers out of Redis; with `viewer` everything else known of them, too."""
    redis = connect(os.environ["REELS_REDIS_URL"])
    try:
        with redis.answering() as client:
            for reader in readers:
                kinds = ("candidates", "state", "seen", "served") if viewer else ("candidates",)
                await client.delete(*(f"user:{{{reader.user_id}}}:{kind}" for kind in kinds))
    finally:
        await redis.close()


def cpu_sec(pid: int) -> float:
    """Processor time of a process so far, all threads, in s; to the nanosecond where the kernel tells."""
    tasks = Path(f"/proc/{pid}/task")
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9
    except (OSError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> dict[str, float]:
    """Resident, proportional and private memory. Private is what has been written to: pages of a mapped snapshot that
    only one worker has looked at are the next one's too."""
    told = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        told[name] = int(value.split()[0]) / 1024
    named = {"resident": "Rss", "proportional": "Pss", "private": "Private_Dirty"}
    return {name: round(told[of], 1) for name, of in named.items()}
