"""How many events a second are acknowledged on disk, beside MongoDB's own ceiling for the same documents.

    python -m benchmarks.ingest [--seconds 10] [--clients 32] [--events 20]

Starts a private MongoDB and Valkey. The ceiling is `insert_many` of the documents an event becomes, into the same
collection with the same indexes, with the same write concern (majority, journaled), by a process that does nothing
else. Ours is `EventIngest.take`, the whole of POST /events behind HTTP: bytes read, reels looked up, stored,
acknowledged, the viewer's state folded in Redis. Both are repeated in turns in one run; CPU time is told of this
process and of mongod, because the machine may be busy with others.
"""

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
from benchmarks.machine import keep

from reels.core.types import Event, EventKind, Reel
from reels.ingest.catalogue import Catalogue
from reels.ingest.events import EventIngest
from reels.ingest.marking import Marking
from reels.ingest.reactions.seen import SeenReaction
from reels.ingest.reactions.state import StateReaction
from reels.ingest.rebuild import Rebuild
from reels.ingest.regions import ViewerRegions
from reels.stores import local
from reels.stores.mongo import connect as mongo
from reels.stores.mongo.event_documents import to_document
from reels.stores.mongo.indexes import INTERACTIONS, ensure_indexes
from reels.stores.mongo.interactions import MongoInteractions
from reels.stores.mongo.reels import MongoReels
from reels.stores.mongo.users import MongoUsers
from reels.stores.redis import connect as redis
from reels.stores.redis.viewers import RedisViewers

REELS, VIEWERS = 2000, 200
KINDS = [EventKind.IMPRESSION, EventKind.WATCH, EventKind.IMPRESSION, EventKind.SKIP, EventKind.IMPRESSION]
BULK = 1000
"""Documents a command of the ceiling."""
ROUNDS = 3


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=10.0, help="of each turn")
    asked.add_argument("--clients", type=int, default=32, help="batches on their way at once")
    asked.add_argument("--events", type=int, default=20, help="events a batch: ten reels watched leave twenty")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as directory, local.start(Path(directory)) as started:
        figures = asyncio.run(measured(started, given))
    print(f"\nof the ceiling: {figures['of_the_ceiling']:.0%}")
    keep("ingest", {**vars(given), **figures})


async def measured(stores: local.LocalStores, given: argparse.Namespace) -> dict[str, Any]:
    turns: dict[str, list[dict[str, float]]] = {"ceiling": [], "ingest": []}
    pid = stores.mongod.pid
    async with AsyncExitStack() as stack:
        database = mongo.connect(stores.mongo_url, "bench", timeout_sec=30)
        cache = redis.connect(stores.redis_url, 5.0)
        stack.push_async_callback(cache.close)
        stack.push_async_callback(database.close)
        await ensure_indexes(database)
        reels, users, viewers = MongoReels(database), MongoUsers(database), RedisViewers(cache)
        interactions = MongoInteractions(database)
        now = time.time()
        await reels.upsert([Reel(f"v{i}", f"title {i}", (), 12.0, f"c{i % 200}", now) for i in range(REELS)], now)
        await users.ensure([f"viewer{i}" for i in range(VIEWERS)], now)
        rebuild = Rebuild(users, interactions, viewers)
        reactions = (StateReaction(viewers, rebuild), SeenReaction(viewers, rebuild))
        known = InMemory(reels)
        await known.load()
        ingest = EventIngest(known, interactions, ViewerRegions(users), viewers, reactions, Marking(interactions))
        for i in range(VIEWERS):  # each viewer known to Redis, as one who is using the app is
            await ingest.take(f"viewer{i}", body_of(random.Random(i), f"viewer{i}", f"w{i}", given.events, now), now)
        for turn in range(ROUNDS):
            for name, run in (
                ("ceiling", lambda turn=turn: bulk(database, given.seconds, f"c{turn}")),
                ("ingest", lambda turn=turn: sent(ingest, given.seconds, given, f"i{turn}")),
            ):
                turns[name].append(await timed(name, run, pid))
    rate = {name: statistics.median(one["per_sec"] for one in found) for name, found in turns.items()}
    return {"turns": turns, "median_per_sec": rate, "of_the_ceiling": rate["ingest"] / rate["ceiling"]}


class InMemory(Catalogue):
    """The reels from memory, as the models in use have them."""

    def __init__(self, reels: MongoReels) -> None:
        super().__init__(lambda: None, reels)
        object.__setattr__(self, "_known", {})

    async def load(self) -> None:
        """All of them, once."""
        self._known.update(await super().find([f"v{i}" for i in range(REELS)]))

    async def find(self, reel_ids: Any) -> Any:
        """Without a question to the store."""
        return {one: self._known[one] for one in reel_ids}


async def timed(name: str, run: Callable[[], Awaitable[tuple[int, list[float]]]], pid: int) -> dict[str, float]:
    before, ours, began = cpu_of(pid), time.process_time(), time.perf_counter()
    count, took = await run()
    seconds = time.perf_counter() - began
    figures = {
        "per_sec": round(count / seconds),
        "our_cpu_us": round((time.process_time() - ours) / count * 1e6, 1),
        "mongod_cpu_us": round((cpu_of(pid) - before) / count * 1e6, 1),
        "p50_ms": round(statistics.median(took) * 1e3, 1),
        "p99_ms": round(sorted(took)[int(0.99 * (len(took) - 1))] * 1e3, 1),
    }
    print(f"{name:8} {figures}", flush=True)
    return figures


def cpu_of(pid: int) -> float:
    """Processor seconds so far of the processes of a group."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[2]) == pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def bulk(database: mongo.Mongo, seconds: float, run: str) -> tuple[int, list[float]]:
    """What MongoDB takes of the same documents in commands of `BULK`, two on their way."""
    collection, until, took = database.collection(INTERACTIONS), time.perf_counter() + seconds, list[float]()
    count = 0

    async def one(lane: int) -> None:
        nonlocal count
        chance = random.Random(f"{run} {lane}")
        number = 0
        while time.perf_counter() < until:
            documents = []
            for _ in range(BULK):
                event = made_up(chance, f"viewer{chance.randrange(VIEWERS)}", f"{run}-{lane}-{number}", time.time())
                documents.append(to_document(event, time.time()))
                number += 1
            began = time.perf_counter()
            await collection.insert_many(documents, ordered=False)
            took.append(time.perf_counter() - began)
            count += BULK

    await asyncio.gather(one(0), one(1))
    return count, took


def made_up(chance: random.Random, user_id: str, event_id: str, now: float) -> Event:
    kind = chance.choice(KINDS)
    watched = chance.random() * 12 if kind is not EventKind.IMPRESSION else None
    return Event(
        event_id, user_id, f"v{chance.randrange(REELS)}", kind, now, watch_sec=watched, duration_sec=12.0,
        feed_id="f" * 22, position=3,
    )  # fmt: skip


async def sent(ingest: EventIngest, seconds: float, given: argparse.Namespace, run: str) -> tuple[int, list[float]]:
    """Batches of made-up viewers by so many clients at once; events acknowledged, and how long each batch took."""
    until, took, count = time.perf_counter() + seconds, list[float](), 0

    async def client(lane: int) -> None:
        nonlocal count
        chance, number = random.Random(f"{run} {lane}"), 0
        while time.perf_counter() < until:
            number += 1
            user_id, now = f"viewer{chance.randrange(VIEWERS)}", time.time()
            body = body_of(chance, user_id, f"{run}-{lane}-{number}", given.events, now)
            began = time.perf_counter()
            receipt = await ingest.take(user_id, body, now)
            took.append(time.perf_counter() - began)
            if receipt.stored != given.events or not receipt.reacted:
                raise SystemExit(f"not all acknowledged: {receipt}")
            count += receipt.stored

    await asyncio.gather(*(client(lane) for lane in range(given.clients)))
    await ingest.marking.close()
    return count, took


def body_of(chance: random.Random, user_id: str, name: str, events: int, now: float) -> bytes:
    """POST /events of one viewer."""
    made = [made_up(chance, user_id, f"{name}-{i}", now) for i in range(events)]
    return orjson.dumps(
        {
            "events": [
                {
                    "event_id": one.event_id,
                    "reel_id": one.reel_id,
                    "kind": one.kind.value,
                    "occurred_at": int(one.occurred_at * 1000),
                    "feed_id": one.feed_id,
                    "position": one.position,
                    **({} if one.watch_sec is None else {"watch_sec": one.watch_sec, "duration_sec": 12.0}),
                }
                for one in made
            ]
        }
    )


if __name__ == "__main__":
    main()
