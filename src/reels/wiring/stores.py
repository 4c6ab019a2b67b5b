"""Which stores there are, opened together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from reels.core.errors import StoreUnavailable
from reels.core.ports import (
    AdminStore,
    AuditStore,
    BucketStore,
    EmbeddingStore,
    FeedStore,
    InteractionStore,
    JobStore,
    PolicyStore,
    ReelStore,
    SessionStore,
    SignalStore,
    UserStore,
    ViewerStore,
)
from reels.learning.shelf import Shelf
from reels.settings import Settings
from reels.stores.mongo import connect as mongo_connect
from reels.stores.mongo.admins import MongoAdmins
from reels.stores.mongo.audit import MongoAudit
from reels.stores.mongo.embeddings import MongoEmbeddings
from reels.stores.mongo.feeds import MongoFeeds
from reels.stores.mongo.indexes import ensure_indexes
from reels.stores.mongo.interactions import MongoInteractions
from reels.stores.mongo.jobs import MongoJobs
from reels.stores.mongo.policies import MongoPolicies
from reels.stores.mongo.reels import MongoReels
from reels.stores.mongo.sessions import MongoSessions
from reels.stores.mongo.users import MongoUsers
from reels.stores.private import addresses
from reels.stores.redis import connect as redis_connect
from reels.stores.redis.buckets import RedisBuckets
from reels.stores.redis.signals import RedisSignals
from reels.stores.redis.viewers import RedisViewers, ViewerLimits
from reels.stores.watching import Watch, unwatched
from reels.telemetry.tracing import Traced

if TYPE_CHECKING:
    from reels.telemetry.spans import Spans

PATIENT_SEC = 30.0
"""How long imports and jobs wait for MongoDB; a request waits two seconds."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Every store of one process, behind its protocol."""

    settings: Settings
    mongo: mongo_connect.Mongo
    redis: redis_connect.Redis
    reels: ReelStore
    embeddings: EmbeddingStore
    users: UserStore
    interactions: InteractionStore
    feeds: FeedStore
    policies: PolicyStore
    jobs: JobStore
    audit: AuditStore
    viewers: ViewerStore
    signals: SignalStore
    sessions: SessionStore
    admins: AdminStore
    buckets: BucketStore
    shelf: Shelf

    async def redis_answers(self) -> bool:
        """Whether Redis is there."""
        try:
            await self.signals.ping()
        except StoreUnavailable:
            return False
        return True


@asynccontextmanager
async def open_stores(
    settings: Settings,
    *,
    mongo_timeout_sec: float = PATIENT_SEC,
    make_indexes: bool = True,
    watch: Watch = unwatched,
    spans: "Spans | None" = None,
) -> AsyncIterator[Stores]:
    """Stores of this process. Where no address is given, private ones are used, started if nobody has.

    With `make_indexes` MongoDB must answer: those that are missing are made. `watch` is told of every call, `spans`
    has one of each. Raises ConfigError or StoreError.
    """
    private = addresses(settings.data_dir / "stores", settings.mongo_url, settings.redis_url)
    found = await asyncio.to_thread(private.__enter__)
    try:
        mongo = mongo_connect.connect(found.mongo_url, settings.mongo_database, mongo_timeout_sec, watch=watch)
        redis = redis_connect.connect(found.redis_url, watch=watch)
        try:
            if make_indexes:
                await ensure_indexes(mongo, settings.feeds_kept_days)
            stores = stores_of(settings, mongo, redis)
            yield stores if spans is None else traced(stores, spans)
        finally:
            await redis.close()
            await mongo.close()
    finally:
        await asyncio.to_thread(private.__exit__, None, None, None)


def traced(stores: Stores, spans: "Spans") -> Stores:
    """The same stores, with a span of each call."""
    systems = {"reels.stores.mongo": "mongodb", "reels.stores.redis": "redis"}
    ports: dict[str, Any] = {}
    for field in fields(stores):
        store = getattr(stores, field.name)
        system = systems.get(type(store).__module__.rpartition(".")[0])
        if system is not None and not isinstance(store, mongo_connect.Mongo | redis_connect.Redis):
            ports[field.name] = Traced(store, system, field.name, spans)
    return replace(stores, **ports)


def stores_of(settings: Settings, mongo: mongo_connect.Mongo, redis: redis_connect.Redis) -> Stores:
    """The stores on two open connections."""
    return Stores(
        settings=settings,
        mongo=mongo,
        redis=redis,
        reels=MongoReels(mongo),
        embeddings=MongoEmbeddings(mongo),
        users=MongoUsers(mongo),
        interactions=MongoInteractions(mongo),
        feeds=MongoFeeds(mongo),
        policies=MongoPolicies(mongo),
        jobs=MongoJobs(mongo),
        audit=MongoAudit(mongo),
        viewers=RedisViewers(redis, ViewerLimits(pages_kept_sec=settings.pages_kept_sec)),
        signals=RedisSignals(redis),
        sessions=MongoSessions(mongo),
        admins=MongoAdmins(mongo),
        buckets=RedisBuckets(redis),
        shelf=Shelf(settings.data_dir / "snapshots"),
    )
