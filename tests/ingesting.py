"""The write path on real stores, put together as `wiring` does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from tests.conftest import Database

from reels.core.types import Reel, User
from reels.ingest.catalogue import Catalogue, Lookup
from reels.ingest.events import EventIngest
from reels.ingest.marking import Marking
from reels.ingest.reactions.seen import SeenReaction
from reels.ingest.reactions.state import StateReaction
from reels.ingest.rebuild import Rebuild
from reels.ingest.regions import ViewerRegions
from reels.ingest.replay import Replay
from reels.ingest.stale import StaleViewers
from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.indexes import INTERACTIONS, ensure_index, indexes
from reels.stores.mongo.interactions import MongoInteractions
from reels.stores.mongo.reels import MongoReels
from reels.stores.mongo.users import MongoUsers
from reels.stores.redis import connect as redis_connect
from reels.stores.redis.viewers import RedisViewers

NOW = 1_767_225_600.0
"""2026-01-01T00:00:00Z."""
ME = "u_viewer"


def event(event_id: str, kind: str = "like", reel: str = "r1", at: float = NOW, **more: Any) -> dict[str, Any]:
    """An event as a client sends it."""
    return {"event_id": event_id, "reel_id": reel, "kind": kind, "occurred_at": int(at * 1000), **more}


def batch(*events: Any) -> bytes:
    """The body of POST /events."""
    return orjson.dumps({"events": events})


@dataclass(frozen=True)
class Worker:
    """One worker process' objects; two of them on the same stores are two workers."""

    reels: MongoReels
    users: MongoUsers
    interactions: MongoInteractions
    viewers: RedisViewers
    rebuild: Rebuild
    ingest: EventIngest
    replay: Replay

    async def marked(self) -> None:
        """Wait until what is to be marked is marked."""
        await self.ingest.marking.close()

    async def unreacted(self) -> int:
        """How many stored events are not known to have acted."""
        return len(await self.interactions.unreacted(NOW + 1e6, 10_000))


@asynccontextmanager
async def worker(mongo: Database, redis_url: str, models: Lookup | None = None) -> AsyncIterator[Worker]:
    """A worker on these stores."""
    database = Mongo(mongo)
    redis = redis_connect.connect(redis_url)
    reels, users, interactions = MongoReels(database), MongoUsers(database), MongoInteractions(database)
    viewers = RedisViewers(redis)
    rebuild, stale = Rebuild(users, interactions, viewers), StaleViewers()
    ingest = EventIngest(
        Catalogue(lambda: models, reels),
        interactions,
        ViewerRegions(users),
        viewers,
        [StateReaction(viewers, rebuild), SeenReaction(viewers, rebuild)],
        Marking(interactions),
        stale,
    )
    try:
        yield Worker(reels, users, interactions, viewers, rebuild, ingest, Replay(interactions, viewers, stale))
    finally:
        await ingest.marking.close()
        await redis.close()


async def prepare(mongo: Database) -> None:
    """Ten reels of five creators, one without a creator, and one viewer in India."""
    database = Mongo(mongo, timeout_sec=20)
    for index in indexes(feeds_kept_days=30):
        if index.collection == INTERACTIONS:
            await ensure_index(database, index)
    catalogue = [Reel(f"r{i}", title=f"Reel {i}", creator_id=f"c{i % 5}", duration_sec=10.0) for i in range(10)]
    await MongoReels(database).upsert([*catalogue, Reel("nobodys")], NOW - 100)
    await MongoUsers(database).create(User(ME, NOW - 100, region="IN", language="hi"))
