"""A feed on real stores, put together as `wiring` does, over a made snapshot."""

import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from tests.conftest import Database
from tests.ingesting import Worker, worker
from tests.recommender.models_in_use import plain
from tests.snapshots import NOW

from reels.core.keys import Keys
from reels.core.policy import Policy
from reels.core.ports import FeedStore, PolicyStore, ViewerStore
from reels.core.types import User, UserState
from reels.ingest.stale import StaleViewers
from reels.recommender.after.record import Record
from reels.recommender.answered import AnsweredLately
from reels.recommender.building import Building
from reels.recommender.feed import Feed, Parts
from reels.recommender.gathering import Gathering
from reels.recommender.models import Models
from reels.recommender.policies import PoliciesInForce
from reels.recommender.stages import AfterWork
from reels.recommender.standard import generators, pipelines
from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.feeds import MongoFeeds
from reels.stores.mongo.indexes import ensure_indexes
from reels.stores.mongo.policies import MongoPolicies

ME = "u_me"
KEY = b"k" * 32


@dataclass(frozen=True, slots=True)
class Standing:
    """A feed and the background work that goes with it."""

    feed: Feed
    record: Record
    """Run `record.write_for_ever()` beside the feed, and `record.flush()` at the end."""
    executors: tuple[ThreadPoolExecutor, ...]

    def close(self) -> None:
        """Ends the threads; what runs is waited for."""
        for one in self.executors:
            one.shutdown(cancel_futures=True)


def standard_feed(
    *,
    models: Callable[[], Models],
    viewers: ViewerStore,
    feeds: FeedStore,
    policies: PolicyStore,
    rebuild: Callable[[str], Awaitable[tuple[UserState, Keys]]],
    cursor_key: bytes,
    stale: Container[str] = (),
    default_policy: Policy | None = None,
    candidates_ttl_sec: float = 300.0,
    source_deadline_sec: float = 0.15,
    pages_kept_sec: float = 6 * 3600.0,
    after: Sequence[AfterWork] = (),
    chance: Callable[[int], bytes] = secrets.token_bytes,
) -> Standing:
    """The feed as the project runs it. `rebuild`: `ingest.rebuild.Rebuild`; `stale`: `ingest.stale.StaleViewers`."""
    builders = ThreadPoolExecutor(4, thread_name_prefix="candidates")
    sources = ThreadPoolExecutor(16, thread_name_prefix="source")
    made = generators(sources, source_deadline_sec)
    answered, record = AnsweredLately(), Record(feeds)
    parts = Parts(
        models=models,
        gathering=Gathering(viewers, feeds, rebuild, stale, answered, pages_kept_sec),
        policies=PoliciesInForce(policies, default_policy or Policy()),
        viewers=viewers,
        feeds=feeds,
        building=Building(made["for_you"], viewers, builders, candidates_ttl_sec),
        latest=made["latest"],
        pipelines=pipelines(),
        answered=answered,
        cursor_key=cursor_key,
        pages_kept_sec=pages_kept_sec,
        candidates_ttl_sec=candidates_ttl_sec,
        after=(record, *after),
        chance=chance,
    )
    return Standing(Feed(parts), record, (builders, sources))


@dataclass
class Desk:
    """One worker process: its feed, its write path, the stores, and the models it serves from."""

    standing: Standing
    worker: Worker
    feeds: MongoFeeds
    policies: MongoPolicies
    mongo: Mongo
    stale: StaleViewers
    models: Models
    now: float = NOW
    sent: int = field(default=0)

    async def page(self, cursor: str | None = None, limit: int = 10, user: str = ME, mode: str = "for_you") -> Any:
        """A page, parsed."""
        body = await self.standing.feed.page(user, limit=limit, cursor=cursor, mode=mode, now=self.now, request_id="r")
        return orjson.loads(body)

    async def pages(self, count: int, limit: int = 10, user: str = ME, mode: str = "for_you") -> list[Any]:
        """So many pages of one session, or fewer at its end."""
        pages = [await self.page(None, limit, user, mode)]
        while len(pages) < count and pages[-1]["next_cursor"]:
            pages.append(await self.page(pages[-1]["next_cursor"], limit, user, mode))
        return pages

    async def send(self, kind: str, reel_id: str, user: str = ME, **more: Any) -> None:
        """One event, acknowledged."""
        self.sent += 1
        sent = {
            "event_id": f"e{self.sent}",
            "reel_id": reel_id,
            "kind": kind,
            "occurred_at": int(self.now * 1000),
        } | more
        receipt = await self.worker.ingest.take(user, orjson.dumps({"events": [sent]}), self.now)
        assert receipt.stored == 1, receipt


@asynccontextmanager
async def desk(
    mongo: Database, redis_url: str, models: Models | None = None, ttl: float = 300.0
) -> AsyncIterator[Desk]:
    """A worker on these stores; chance is drawn from one seed, so that a test passes or fails for good."""
    database = Mongo(mongo)
    await ensure_indexes(database, 30)
    used = models or plain()
    async with worker(mongo, redis_url, used) as writing:
        feeds, policies, stale = MongoFeeds(database), MongoPolicies(database), StaleViewers()
        made: Desk
        standing = standard_feed(
            models=lambda: made.models,
            viewers=writing.viewers,
            feeds=feeds,
            policies=policies,
            rebuild=writing.rebuild,
            cursor_key=KEY,
            stale=stale,
            candidates_ttl_sec=ttl,
            source_deadline_sec=5.0,
            chance=random.Random(7).randbytes,
        )
        made = Desk(standing, writing, feeds, policies, database, stale, used)
        await writing.users.create(User(ME, NOW - 1e6, "IN", "hi"))
        try:
            yield made
        finally:
            await standing.feed.settle()
            standing.close()


def ids(*pages: Any) -> list[str]:
    """Reels on these pages, in order."""
    return [item["reel_id"] for page in pages for item in page["items"]]
