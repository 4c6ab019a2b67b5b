"""One API worker, put together."""

import asyncio
import gc
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import FastAPI
from starlette.routing import Route

import reels
from reels.api import key_files
from reels.api.app import create_app
from reels.api.clients import networks
from reels.api.limiting import Limiter
from reels.api.metrics import Metrics
from reels.api.page_metrics import PageMetrics
from reels.api.pseudonyms import Pseudonyms
from reels.api.revoked import RevokedLately
from reels.api.routes.media import media_routes
from reels.api.rules import Group
from reels.api.services import Limits, Services
from reels.api.sessions import Lives
from reels.api.tokens import Tokens
from reels.core.errors import BadSnapshot, ConfigError, NoSnapshot, StoreUnavailable, UnknownFeed
from reels.core.keys import keys_of
from reels.core.policy import Policy
from reels.core.types import Quota, ServedFeed
from reels.ingest.catalogue import Catalogue
from reels.ingest.events import EventIngest
from reels.ingest.marking import Marking
from reels.ingest.reactions.seen import SeenReaction
from reels.ingest.reactions.state import StateReaction
from reels.ingest.rebuild import Rebuild
from reels.ingest.regions import ViewerRegions
from reels.ingest.replay import Replay
from reels.ingest.stale import StaleViewers
from reels.media.store import MediaStore, topic_hint
from reels.recommender import standard
from reels.recommender.after.record import Record
from reels.recommender.answered import AnsweredLately
from reels.recommender.building import Building
from reels.recommender.feed import Feed, Parts
from reels.recommender.gathering import Gathering
from reels.recommender.keeper import Keeper
from reels.recommender.policies import PoliciesInForce
from reels.recommender.warming import warm
from reels.settings import Settings
from reels.telemetry.exposition import SAMPLE_EVERY_SEC
from reels.telemetry.tracing import open_spans
from reels.wiring.background import Background
from reels.wiring.jobs import JOB_NAMES
from reels.wiring.replaying import computed_again
from reels.wiring.stores import Stores, open_stores

REQUEST_SEC = 2.0
"""How long a request waits for MongoDB."""
SNAPSHOT_LOOK_SEC = 0.5
SIGNALS_LOOK_SEC = 2.0
REPLAY_EVERY_SEC = 5.0
REVOKED_LOOK_SEC = 1.0
BUILDERS = 4
SOURCES = 10
"""Threads that ask sources, side by side: as many as there are."""
"""Threads that build candidate sets; numba and BLAS release the GIL in them."""

_log = structlog.get_logger(__name__)


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The key that signs tokens. In the demo it is made on the spot; elsewhere it must be given."""
    return key_files.load_signing(_key_file(settings, "signing_key_file", key_files.SIGNING))


def pseudonym_key(settings: Settings) -> bytes:
    """The key that makes pseudonyms, likewise."""
    return key_files.load_pseudonym(_key_file(settings, "pseudonym_key_file", key_files.PSEUDONYM))


def pseudonyms_of(settings: Settings) -> Pseudonyms:
    """Pseudonyms by the key in use, which knows those of older keys."""
    older = [key_files.load_pseudonym(one) for one in settings.older_pseudonym_key_files]
    return Pseudonyms(pseudonym_key(settings), older)


def _key_file(settings: Settings, setting: str, name: str) -> Path:
    given: Path | None = getattr(settings, setting)
    if given is not None:
        return given
    if settings.demo:
        of_demo = key_files.of_demo(settings.data_dir, name)
        key_files.create(of_demo.parent)
        return of_demo
    advice = "make the keys once with `reels keys DIRECTORY`"
    if (of_demo := key_files.of_demo(settings.data_dir, name)).exists():
        advice += f", or REELS_DEMO=true for the demo's own keys in {of_demo.parent}"
    raise ConfigError(f"REELS_{setting.upper()} is not set: {advice}")


@asynccontextmanager
async def open_api(settings: Settings, metrics: Metrics | None = None) -> AsyncIterator[FastAPI]:
    """The app of one worker, on its own connections. It starts without MongoDB or Redis too, degraded."""
    metrics = metrics or Metrics()
    with open_spans(settings.otlp_url, settings.trace_share, "reels-api", reels.__version__) as spans:
        stores = open_stores(
            settings, mongo_timeout_sec=REQUEST_SEC, make_indexes=False, watch=metrics.stores, spans=spans
        )
        async with stores as opened:
            yield create_app(replace(_Worker(settings, opened, metrics).services, spans=spans))


class _Worker:
    """All parts of one API worker."""

    def __init__(self, settings: Settings, stores: Stores, metrics: Metrics) -> None:
        self.settings, self.stores, self.metrics = settings, stores, metrics
        self.keeper = Keeper(stores.shelf, stores.reels, stores.embeddings, stores.signals)
        self.stale = StaleViewers()
        self.marking = Marking(stores.interactions)
        self.rebuild = Rebuild(stores.users, stores.interactions, stores.viewers)
        self.replay = Replay(stores.interactions, stores.viewers, self.stale)
        self.record = Record(stores.feeds)
        self.pool = ThreadPoolExecutor(SOURCES, thread_name_prefix="source")
        self.executor = ThreadPoolExecutor(BUILDERS, thread_name_prefix="build")
        self.warm = False
        self.signing = signing_key(settings)
        self.revoked = RevokedLately()
        self.feed = self._feed()
        self.services = self._services()

    def _feed(self) -> Feed:
        settings, stores, answered = self.settings, self.stores, AnsweredLately()
        generators = standard.generators(self.pool, settings.source_deadline_ms / 1000)
        ttl = float(settings.candidates_ttl_sec)
        parts = Parts(
            models=lambda: self.keeper.models,
            gathering=Gathering(
                stores.viewers, stores.feeds, self.rebuild, self.stale, answered, float(settings.pages_kept_sec)
            ),
            policies=PoliciesInForce(stores.policies, Policy()),
            viewers=stores.viewers,
            feeds=stores.feeds,
            building=Building(generators["for_you"], stores.viewers, self.executor, ttl),
            latest=generators["latest"],
            pipelines=standard.pipelines(),
            answered=answered,
            cursor_key=_derived(pseudonym_key(settings), b"reels cursor"),
            pages_kept_sec=float(settings.pages_kept_sec),
            candidates_ttl_sec=ttl,
            after=(self.record, PageMetrics(self.metrics)),
        )
        return Feed(parts)

    def _services(self) -> Services:
        settings, stores = self.settings, self.stores
        ingest = EventIngest(
            catalogue=Catalogue(lambda: self.keeper.models, stores.reels),
            interactions=stores.interactions,
            regions=ViewerRegions(stores.users),
            viewers=stores.viewers,
            reactions=(StateReaction(stores.viewers, self.rebuild), SeenReaction(stores.viewers, self.rebuild)),
            marking=self.marking,
            stale=self.stale,
        )
        return Services(
            feed=self.feed,
            ingest=ingest,
            stores=stores,
            models=lambda: self.keeper.models,
            tokens=Tokens(self.signing, trusted_keys(settings)),
            pseudonyms=pseudonyms_of(settings),
            metrics=self.metrics,
            clock=time.time,
            random_id=lambda: secrets.token_hex(16),
            unready=self._unready,
            limits=Limits(
                page_limit=settings.page_limit,
                max_body_bytes=settings.max_body_bytes,
                lives=Lives(
                    settings.access_token_sec,
                    settings.refresh_token_sec,
                    settings.refresh_grace_sec,
                    settings.admin_token_sec,
                ),
                cors_origins=settings.cors_origins,
                requests_at_once=settings.requests_at_once,
                requests_waiting=settings.requests_waiting,
                longest_wait_ms=settings.longest_wait_ms,
            ),
            job_names=JOB_NAMES,
            extra_routes=self._films(),
            lifespan=self._lifespan,
            replayed=self._replayed,
            revoked=self.revoked,
            limiter=Limiter(stores.buckets, quotas(settings), self.metrics.limit),
            uncounted=networks(settings.uncounted_clients),
        )

    def _films(self) -> tuple[Route, ...]:
        """Drawn films, where the extra `media` is installed."""
        try:
            films = MediaStore(self.settings.data_dir / "media", time.time)
        except ConfigError as error:
            _log.info("films are not drawn", reason=str(error))
            return ()
        self.films = films
        return tuple(media_routes(films, self._topic_of))

    async def _topic_of(self, reel_id: str) -> str | None:
        """Topic hint of a reel, None for one that is not there."""
        models = self.keeper.models
        row = int(models.rows_of(keys_of([reel_id]))[0])
        if row >= 0:
            return topic_hint(models.reel(row)["tags"])
        stored = (await self.stores.reels.get([reel_id])).get(reel_id)
        return topic_hint(stored.reel.tags) if stored else None

    async def _replayed(self, served: ServedFeed) -> bool | None:
        """Whether a recorded page comes out the same; None = what it was made with is gone."""
        try:
            return await computed_again(self.stores, served, self.keeper.models) == served.page
        except (NoSnapshot, UnknownFeed):
            return None

    async def _unready(self) -> Sequence[str]:
        return () if self.warm else ("models",)

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        await self._first_look()
        background = Background()
        keeper, poll = self.keeper, self.settings.catalogue_poll_sec
        background.start(SNAPSHOT_LOOK_SEC, "snapshot", keeper.refresh_snapshot)
        background.start(poll, "catalogue", lambda: keeper.refresh_catalogue(time.time()))
        background.start(SIGNALS_LOOK_SEC, "signals", keeper.refresh_signals)
        background.start(REVOKED_LOOK_SEC, "revoked", self._look_at_revoked)
        background.start(REPLAY_EVERY_SEC, "replay", self._replay)
        background.start(SAMPLE_EVERY_SEC, "metrics", self.metrics.exposition.sample)
        background.start(0.0, "record", self.record.write_for_ever)
        try:
            yield
        finally:
            await background.stop()
            await self._settle()

    async def _first_look(self) -> None:
        """Models as far as the stores answer; the background catches up with the rest."""
        keeper, now = self.keeper, time.time()
        for step in (
            self._look_at_revoked,
            keeper.refresh_snapshot,
            lambda: keeper.refresh_catalogue(now),
            keeper.refresh_signals,
        ):
            try:
                await step()
            except (StoreUnavailable, BadSnapshot) as error:
                _log.warning("started without", reason=str(error))
        await asyncio.to_thread(warm, keeper.models, now)
        self.metrics.watch_snapshot_age(lambda: time.time() - keeper.models.snapshot.manifest.created_at)
        self.metrics.watch_recording(lambda: self.record.waiting, lambda: self.record.dropped)
        self.metrics.stores.watch("redis", lambda: self.stores.redis.away)
        self.metrics.stores.watch("mongo", lambda: self.stores.mongo.away)
        gc.collect()
        gc.freeze()  # what lives as long as the process is not looked through again while requests wait
        self.warm = True

    async def _replay(self) -> None:
        self.metrics.replayed(await self.replay.run_once(time.time()))

    async def _look_at_revoked(self) -> None:
        await self.revoked.look(self.stores.sessions, time.time())

    async def _settle(self) -> None:
        """Nothing that was promised is left behind."""
        await self.feed.settle()
        await self.marking.close()
        try:
            await self.record.flush()
        except StoreUnavailable as error:
            _log.warning("served pages not recorded at the end", pages=self.record.waiting, reason=str(error))
        films = getattr(self, "films", None)
        if films is not None:
            await films.aclose()
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.executor.shutdown(wait=False, cancel_futures=True)


def _derived(key: bytes, purpose: bytes) -> bytes:
    """A key for another purpose (HKDF, RFC 5869), of the pseudonym key: signing keys come and go, cursors must not."""
    return HKDF(SHA256(), 32, None, purpose).derive(key)


def trusted_keys(settings: Settings) -> list[Ed25519PublicKey]:
    """Keys that do not sign, but whose tokens count."""
    beside = _key_file(settings, "signing_key_file", key_files.SIGNING).parent / key_files.TRUSTED
    return key_files.load_trusted(settings.trusted_keys_dir or beside)


def quotas(settings: Settings) -> dict[Group, Quota]:
    """Requests a minute by group of routes; a group without one is not limited."""
    a_minute = {
        Group.FEED: settings.limit_feed,
        Group.EVENTS: settings.limit_events,
        Group.ACCOUNT: settings.limit_account,
        Group.ADMIN: settings.limit_admin,
        Group.AUTH: settings.limit_auth,
    }
    return {group: Quota(requests) for group, requests in a_minute.items() if requests}
