"""The HTTP application on real stores, with a clock that stands still and a feed that only remembers what was asked."""

import itertools
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from tests.conftest import Database
from tests.ingesting import NOW, Worker, prepare, worker

from reels.api.app import create_app
from reels.api.metrics import Metrics
from reels.api.pseudonyms import Pseudonyms
from reels.api.services import Limits, Services
from reels.api.tokens import Scope, Tokens
from reels.core import ports
from reels.core.errors import ReelsError
from reels.schemas.feed import EXAMPLE_PAGE
from reels.stores.mongo.admins import MongoAdmins
from reels.stores.mongo.audit import MongoAudit
from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.feeds import MongoFeeds
from reels.stores.mongo.jobs import MongoJobs
from reels.stores.mongo.policies import MongoPolicies
from reels.stores.mongo.sessions import MongoSessions
from reels.stores.redis import connect as redis_connect
from reels.stores.redis.signals import RedisSignals

PAGE = orjson.dumps(EXAMPLE_PAGE)
LIMITS = Limits(page_limit=20, max_body_bytes=200_000, cors_origins=("https://app.example",))


@dataclass
class Clock:
    """Time that moves when told to."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class AskedFeed:
    """Answers every call alike, or fails as told."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    failing: Exception | None = None

    async def page(self, user_id: str, **asked: Any) -> bytes:
        self.asked.append({"user_id": user_id, **asked})
        if self.failing:
            raise self.failing
        return PAGE


@dataclass(frozen=True)
class AllStores:
    """`api.services.Stores`."""

    reels: ports.ReelStore
    users: ports.UserStore
    interactions: ports.InteractionStore
    feeds: ports.FeedStore
    policies: ports.PolicyStore
    jobs: ports.JobStore
    audit: ports.AuditStore
    viewers: ports.ViewerStore
    signals: ports.SignalStore
    sessions: ports.SessionStore
    admins: ports.AdminStore


@dataclass
class Served:
    """One running application and what is behind it."""

    app: FastAPI
    http: httpx.AsyncClient
    services: Services
    feed: AskedFeed
    clock: Clock
    worker: Worker
    missing: list[str]
    signing: Ed25519PrivateKey

    def token(self, user_id: str = "u_viewer", scopes: Iterable[Scope] = (Scope.VIEWER,), life: float = 900) -> str:
        return self.services.tokens.mint(user_id, scopes, self.clock.now, life)

    def bearer(self, user_id: str = "u_viewer", *scopes: Scope) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(user_id, scopes or (Scope.VIEWER,))}"}

    @property
    def admin(self) -> dict[str, str]:
        return self.bearer("u_admin", Scope.ADMIN)


@asynccontextmanager
async def serving(mongo: Database, redis_url: str, **changes: Any) -> AsyncIterator[Served]:
    """The application over a prepared catalogue (`tests.ingesting.prepare`). `changes`: other fields of `Services`."""
    await prepare(mongo)
    database, redis = Mongo(mongo), redis_connect.connect(redis_url)
    signing, clock, feed, missing = Ed25519PrivateKey.generate(), Clock(), AskedFeed(), list[str]()

    async def unready() -> Sequence[str]:
        return missing

    async with worker(mongo, redis_url) as one:
        stores = AllStores(
            one.reels, one.users, one.interactions, MongoFeeds(database), MongoPolicies(database),
            MongoJobs(database), MongoAudit(database), one.viewers, RedisSignals(redis),
            MongoSessions(database), MongoAdmins(database),
        )  # fmt: skip
        numbers = itertools.count()
        services = Services(
            feed, one.ingest, stores, lambda: None, Tokens(signing), Pseudonyms(b"k" * 32), Metrics(),
            clock, lambda: f"random-{next(numbers)}", unready, LIMITS, job_names=("embeddings", "snapshot"),
        )  # fmt: skip
        services = replace(services, **changes)
        app = create_app(services)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://reels") as http:
            yield Served(app, http, services, feed, clock, one, missing, signing)
    await redis.close()


def assert_problem(response: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """The problem of a response; its shape is checked."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["type"] == f"urn:reels:problem:{name}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["x-request-id"]
    return body


class Unexpected(ReelsError):
    """An error nobody mapped."""
