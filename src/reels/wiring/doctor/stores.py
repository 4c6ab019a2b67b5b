"""Checks of MongoDB and Redis: pure functions of what the servers told."""

from reels.stores.mongo.inspection import MANY, MongoFacts
from reels.stores.redis.inspection import RedisFacts
from reels.wiring.doctor.finding import Finding, fail, ok, warn

OLDEST_MONGO, OLDEST_REDIS = (6, 0), (7, 0)
CLOCK_WARN_SEC, CLOCK_FAIL_SEC = 1.0, 10.0
FULL = 0.9
"""Part of Redis' memory from which keys are about to be dropped."""
UNREACTED_FAIL = 1000


def mongo_version(facts: MongoFacts) -> Finding:
    """6.0 or newer."""
    if _numbers(facts.version) < OLDEST_MONGO:
        return fail("mongo version", facts.version, "upgrade to MongoDB 6.0 or newer")
    return ok("mongo version", facts.version)


def replica_set(facts: MongoFacts) -> Finding:
    """A replica set, all of whose members are well: without one an acknowledged event may be lost."""
    what = "replica set"
    if not facts.set_name:
        return fail(
            what, "none", "start mongod with --replSet rs0, then `reels mongo-setup`: events need a majority's word"
        )
    ill = [f"{name} is {state}" for name, state in facts.members.items() if state not in {"PRIMARY", "SECONDARY"}]
    if ill:
        return warn(what, ", ".join(ill), "look at that member's log; a majority must be left")
    if len(facts.members) == 1:
        return warn(what, f"{facts.set_name}, one member", "three members survive the loss of one; see operations.md")
    return ok(what, f"{facts.set_name}, {len(facts.members) or 'unknown number of'} members")


def write_concern(facts: MongoFacts) -> Finding:
    """The cluster's default must not be weaker than a majority: `w: 1` loses acknowledged events in a crash."""
    what, concern = "write concern", facts.default_write_concern
    if concern is None:
        return ok(what, "not told to this user; MongoDB's default is majority")
    if concern.get("w", "majority") != "majority" or concern.get("j") is False:
        return fail(
            what, str(concern), "setDefaultRWConcern with {w: 'majority'}: else acknowledged events may be lost"
        )
    return ok(what, "majority")


def mongo_indexes(facts: MongoFacts) -> Finding:
    """Every query has its index."""
    if facts.missing_indexes:
        return fail("indexes", f"missing: {', '.join(facts.missing_indexes)}", "start `reels worker`: it makes them")
    return ok("indexes", "all there")


def unreacted(facts: MongoFacts) -> Finding:
    """Events that were stored but have not acted on their viewers' state within a minute."""
    what, advice = "unreacted events", "an API worker replays them within seconds; see that one runs and reaches Redis"
    count = f"{facts.unreacted}{' or more' if facts.unreacted >= MANY else ''} older than a minute"
    if facts.unreacted >= UNREACTED_FAIL:
        return fail(what, count, advice)
    return warn(what, count, advice) if facts.unreacted else ok(what, "none")


def redis_version(facts: RedisFacts) -> Finding:
    """7.0 or newer."""
    if _numbers(facts.version) < OLDEST_REDIS:
        return fail("redis version", facts.version, "upgrade to Valkey or Redis 7 or newer")
    return ok("redis version", facts.version)


def redis_memory(facts: RedisFacts) -> Finding:
    """A limit, room below it, and a policy that drops keys: all of them can be rebuilt."""
    what, used = "redis memory", f"{facts.used_bytes / 1e6:.0f} MB used"
    if not facts.limit_bytes:
        return warn(what, f"{used}, no limit", "set maxmemory, or the machine's memory is the limit")
    found = f"{used} of {facts.limit_bytes / 1e6:.0f} MB, {facts.policy}"
    if not facts.policy.startswith("allkeys"):
        return warn(what, found, "set maxmemory-policy allkeys-lru: everything in it is rebuilt when asked for")
    if facts.used_bytes > FULL * facts.limit_bytes:
        return warn(what, found, "raise maxmemory: viewers are dropped and rebuilt from MongoDB again and again")
    return ok(what, found)


def clock(store: str, ahead: float) -> Finding:
    """Their time against ours: events are ordered by it, tokens expire by it."""
    what, apart = f"{store} clock", abs(ahead)
    found, advice = f"{apart:.2f} s apart", "run a time service (chrony, systemd-timesyncd) on every machine"
    if apart > CLOCK_FAIL_SEC:
        return fail(what, found, advice)
    return warn(what, found, advice) if apart > CLOCK_WARN_SEC else ok(what, found)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-")[0].split(".")[:2] if part.isdigit())
