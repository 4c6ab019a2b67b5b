"""How fast the stores are: events in, events out as columns, a viewer's read, the catalogue.

    python benchmarks/stores.py [EVENTS]

Starts a private MongoDB and Valkey, fills them with made-up events (default 1,000,000) and prints a table.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np

from reels.core.types import Event, EventKind, Reel
from reels.stores import local
from reels.stores.mongo import connect as mongo
from reels.stores.mongo.indexes import ensure_indexes
from reels.stores.mongo.interactions import MongoInteractions
from reels.stores.mongo.reels import MongoReels
from reels.stores.redis import connect as redis
from reels.stores.redis.viewers import RedisViewers

KINDS = [EventKind.WATCH] * 6 + [EventKind.IMPRESSION] * 6 + [EventKind.LIKE, EventKind.SKIP]
START = 1_700_000_000.0
BULK = 2000


def row(what: str, value: str) -> None:
    print(f"| {what} | {value} |", flush=True)


async def latency(what: str, call: Callable[[int], Awaitable[object]], times: int = 300) -> None:
    took = []
    for index in range(times):
        began = time.perf_counter()
        await call(index)
        took.append((time.perf_counter() - began) * 1000)
    p50, p99 = np.percentile(took, [50, 99])
    row(what, f"{p50:.2f} ms p50, {p99:.2f} ms p99")


def made_up(chance: random.Random, users: list[str], n: int) -> list[Event]:
    return [
        Event(
            event_id=f"{chance.getrandbits(64):016x}",
            user_id=chance.choice(users),
            reel_id=f"v{chance.randrange(24_000)}",
            kind=chance.choice(KINDS),
            occurred_at=START + chance.random() * 1e6,
            watch_sec=chance.random() * 30,
            duration_sec=30.0,
            feed_id="f" * 22,
            position=3,
            region="IN",
        )
        for _ in range(n)
    ]


async def events(store: MongoInteractions, count: int) -> None:
    chance = random.Random(1)
    users = [f"u{chance.getrandbits(96):024x}" for _ in range(max(1, count // 50))]
    took = 0.0
    for index in range(count // BULK):
        batch = made_up(chance, users, BULK)
        began = time.perf_counter()
        await store.insert(batch, START + index, reacted=True)
        took += time.perf_counter() - began
    row(f"events inserted, {count} in bulks of {BULK}", f"{count / took:,.0f}/s")
    began = time.perf_counter()
    for _ in range(5):
        await store.insert(batch, START)
    row("the same again, all duplicates", f"{5 * BULK / (time.perf_counter() - began):,.0f}/s")
    small = [made_up(chance, users, 10) for _ in range(300)]
    await latency("a batch of 10 acknowledged", lambda index: store.insert(small[index], START + 1e9))
    await latency("a viewer's newest 200 events", lambda index: store.newest_of(users[index % len(users)], 200))
    await latency("a viewer's distinct reels", lambda index: store.reels_of(users[index % len(users)], 1000))
    for what, before in (("", None), (", received before a moment", START + 1e9)):
        began, n = time.perf_counter(), 0
        async for some in store.stream(before=before):
            n += len(some.user_id)
        row(f"{n} events streamed as columns{what}", f"{n / (time.perf_counter() - began):,.0f}/s")
    began = time.perf_counter()
    counted = await store.count_recent(START, START + max(1, count // BULK // 10))
    row(f"recent events counted ({sum(one[3] for one in counted)})", f"{time.perf_counter() - began:.2f} s")
    await latency("impressions of 300 reels", lambda _: store.impressions([f"v{i}" for i in range(300)]), 20)


async def catalogue(store: MongoReels) -> None:
    reels = [Reel(f"v{i}", f"Title {i} about cats", ("cats", "fun"), 12.0, f"c{i % 200}", START) for i in range(10_000)]
    for what in ("10,000 reels upserted, new", "the same again, unchanged"):
        began = time.perf_counter()
        await store.upsert(reels, START)
        row(what, f"{10_000 / (time.perf_counter() - began):,.0f}/s")
    await latency("what changed? nothing", lambda _: store.changed_since(START + 1e6, 1000))


async def viewer(store: RedisViewers) -> None:
    await store.put_state("u", b"s" * 4000, only_if_absent=False)
    await store.put_candidates("u", b"c" * 6000, 300)
    await store.put_page("u", "f", b"p" * 4000, np.arange(10))
    for seen in (1000, 10_000, 40_000):
        await store.put_seen("u", np.arange(seen))
        await latency(f"a viewer read, about {seen} seen", lambda _: store.read("u", "f"), 2000)
    await latency("a state updated", lambda _: store.update_state("u", lambda packed: packed), 2000)
    await latency("a page kept", lambda index: store.put_page("u", str(index), b"p" * 4000, np.arange(10)), 2000)


async def measure(stores: local.LocalStores, count: int) -> None:
    database, cache = mongo.connect(stores.mongo_url, "bench", timeout_sec=30), redis.connect(stores.redis_url, 5.0)
    await ensure_indexes(database)
    print(f"Load when it began: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n\n| what | measured |\n|---|---|")
    await viewer(RedisViewers(cache))
    await catalogue(MongoReels(database))
    await events(MongoInteractions(database), count)
    await cache.close()
    await database.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory, local.start(Path(directory)) as started:
        asyncio.run(measure(started, int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
