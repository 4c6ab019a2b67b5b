"""Each check of a store tells good from bad."""

from dataclasses import replace

import pytest

from reels.stores.mongo.inspection import MANY, MongoFacts
from reels.stores.redis.inspection import RedisFacts
from reels.wiring.doctor import Level, stores

GOOD = MongoFacts(
    version="7.0.16",
    set_name="rs0",
    members={"a:27017": "PRIMARY", "b:27017": "SECONDARY", "c:27017": "SECONDARY"},
    default_write_concern={"w": "majority"},
)
REDIS = RedisFacts("8.0.2", 0.0, 100_000_000, 500_000_000, "allkeys-lru")


def test_a_good_mongo_passes_every_check() -> None:
    for check in (
        stores.mongo_version,
        stores.replica_set,
        stores.write_concern,
        stores.mongo_indexes,
        stores.unreacted,
    ):
        assert check(GOOD).level is Level.OK


@pytest.mark.parametrize("version, level", [("5.0.9", Level.FAIL), ("6.0.5", Level.OK), ("8.0.0-rc1", Level.OK)])
def test_old_servers_fail(version: str, level: Level) -> None:
    assert stores.mongo_version(replace(GOOD, version=version)).level is level


def test_no_replica_set_fails_one_member_warns_an_ill_one_is_named() -> None:
    assert stores.replica_set(replace(GOOD, set_name="", members={})).level is Level.FAIL
    assert stores.replica_set(replace(GOOD, members={"a": "PRIMARY"})).level is Level.WARN
    ill = stores.replica_set(replace(GOOD, members=GOOD.members | {"c:27017": "RECOVERING"}))
    assert ill.level is Level.WARN
    assert "c:27017 is RECOVERING" in ill.found


@pytest.mark.parametrize(
    "concern, level",
    [({"w": 1}, Level.FAIL), ({"w": "majority", "j": False}, Level.FAIL), ({}, Level.OK), (None, Level.OK)],
)
def test_a_weak_default_write_concern_fails(concern: dict[str, object] | None, level: Level) -> None:
    assert stores.write_concern(replace(GOOD, default_write_concern=concern)).level is level


def test_missing_indexes_fail_and_are_named() -> None:
    found = stores.mongo_indexes(replace(GOOD, missing_indexes=("feeds.expiry",)))
    assert found.level is Level.FAIL
    assert "feeds.expiry" in found.found


@pytest.mark.parametrize("count, level", [(0, Level.OK), (1, Level.WARN), (1000, Level.FAIL), (MANY, Level.FAIL)])
def test_waiting_events_warn_and_many_fail(count: int, level: Level) -> None:
    assert stores.unreacted(replace(GOOD, unreacted=count)).level is level


@pytest.mark.parametrize(
    "facts, level",
    [
        (REDIS, Level.OK),
        (replace(REDIS, limit_bytes=0), Level.WARN),
        (replace(REDIS, policy="noeviction"), Level.WARN),
        (replace(REDIS, used_bytes=460_000_000), Level.WARN),
    ],
)
def test_redis_needs_a_limit_a_policy_and_room(facts: RedisFacts, level: Level) -> None:
    assert stores.redis_memory(facts).level is level


@pytest.mark.parametrize("version, level", [("6.2.1", Level.FAIL), ("7.0.15", Level.OK), ("9.1.2", Level.OK)])
def test_old_redis_fails(version: str, level: Level) -> None:
    assert stores.redis_version(replace(REDIS, version=version)).level is level


@pytest.mark.parametrize("ahead, level", [(0.4, Level.OK), (-2.0, Level.WARN), (60.0, Level.FAIL), (-60.0, Level.FAIL)])
def test_a_clock_that_is_off_either_way_is_told(ahead: float, level: Level) -> None:
    assert stores.clock("mongo", ahead).level is level
