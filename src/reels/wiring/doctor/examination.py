"""All checks, in the order of the report."""

from collections.abc import Callable, Sequence

from reels.core import signals
from reels.core.errors import ReelsError, StoreError
from reels.learning.shelf import Shelf
from reels.settings import Settings
from reels.stores.mongo import connect as mongo_connect
from reels.stores.mongo.inspection import inspect as inspect_mongo
from reels.stores.mongo.jobs import MongoJobs
from reels.stores.private import running_on
from reels.stores.redis import connect as redis_connect
from reels.stores.redis.inspection import inspect as inspect_redis
from reels.stores.redis.signals import RedisSignals
from reels.wiring.doctor import machine, models, stores
from reels.wiring.doctor.finding import Finding, fail, ok

TOPICS = ("machine", "mongo", "redis", "models", "worker")
UNREACTED_AFTER_SEC = 60.0
PATIENCE_SEC = 5.0
_RUNS = 50


async def examine(settings: Settings, clock: Callable[[], float], topics: Sequence[str] = TOPICS) -> list[Finding]:
    """Look at a deployment without changing or starting anything. One broken part does not hide the others."""
    private = running_on(settings.data_dir.resolve() / "stores")
    mongo_url = settings.mongo_url or (private.mongo_url if private else "")
    redis_url = settings.redis_url or (private.redis_url if private else "")
    found: list[Finding] = []
    if "machine" in topics:
        found += [machine.mode(settings), *machine.secrets(settings), machine.disk(settings)]
    if "mongo" in topics:
        found += await _mongo(settings, mongo_url, clock)
    if "redis" in topics:
        found += await _redis(redis_url, clock)
    if "models" in topics:
        shelf = Shelf(settings.data_dir / "snapshots")
        found += [models.snapshot(shelf, settings, clock()), models.ranker(shelf, settings)]
    if "worker" in topics:
        found += await _worker(settings, redis_url, clock)
    return found


async def _mongo(settings: Settings, url: str, clock: Callable[[], float]) -> list[Finding]:
    if not url:
        return [fail("mongo", "no address", "set REELS_MONGO_URL or REELS_MONGO_URL_FILE")]
    try:
        mongo = mongo_connect.connect(url, settings.mongo_database, PATIENCE_SEC)
    except Exception as error:  # the driver's many ways to say that this is no address of a MongoDB
        return [fail("mongo", f"{type(error).__name__}: {error}", "mend REELS_MONGO_URL")]
    try:
        facts = await inspect_mongo(mongo, settings.feeds_kept_days, clock() - UNREACTED_AFTER_SEC, clock)
        runs = await MongoJobs(mongo).recent(_RUNS)
    except StoreError as error:
        return [fail("mongo", str(error), "see that mongod runs, the address and the password are right")]
    finally:
        await mongo.close()
    return [
        ok("mongo", "answers"),
        stores.mongo_version(facts),
        stores.replica_set(facts),
        stores.write_concern(facts),
        stores.mongo_indexes(facts),
        stores.clock("mongo", facts.clock_ahead),
        stores.unreacted(facts),
        models.last_runs(runs),
    ]


async def _redis(url: str, clock: Callable[[], float]) -> list[Finding]:
    if not url:
        return [fail("redis", "no address", "set REELS_REDIS_URL or REELS_REDIS_URL_FILE")]
    try:
        redis = redis_connect.connect(url, PATIENCE_SEC)
    except ValueError as error:
        return [fail("redis", str(error), "mend REELS_REDIS_URL")]
    try:
        facts = await inspect_redis(redis, clock)
    except StoreError as error:
        return [fail("redis", str(error), "see that it runs, the address and the password are right")]
    finally:
        await redis.close()
    return [
        ok("redis", "answers"),
        stores.redis_version(facts),
        stores.redis_memory(facts),
        stores.clock("redis", facts.clock_ahead),
    ]


async def _worker(settings: Settings, url: str, clock: Callable[[], float]) -> list[Finding]:
    if not url:
        return [fail("worker", "can't be told without Redis", "set REELS_REDIS_URL or REELS_REDIS_URL_FILE")]
    try:
        redis = redis_connect.connect(url, PATIENCE_SEC)
        try:
            packed = (await RedisSignals(redis).get_signals([signals.TRENDING])).get(signals.TRENDING)
        finally:
            await redis.close()
        return [models.worker(packed, settings, clock())]
    except (ReelsError, ValueError) as error:
        return [fail("worker", f"can't be told without Redis: {error}", "mend Redis first")]
