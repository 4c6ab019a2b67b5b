"""`reels doctor` on real stores."""

import asyncio
import gc
import json
import time
import warnings
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from tests.conftest import Database
from tests.snapshots import make_snapshot as tiny
from typer.testing import CliRunner

from reels.api import key_files
from reels.cli.app import app
from reels.core import signals
from reels.learning.shelf import Shelf
from reels.settings import Settings
from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.indexes import INTERACTIONS, ensure_indexes
from reels.stores.redis import connect as redis_connect
from reels.stores.redis.signals import RedisSignals
from reels.wiring.doctor import Finding, Level, examine

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(tmp_path: Path, mongo: Database, redis: object, mongo_url: str, redis_url: str) -> Settings:
    """A deployment on the test's stores, with keys."""
    signing, pseudonym = key_files.create(tmp_path / "keys")
    return Settings(
        data_dir=tmp_path,
        mongo_url=mongo_url,
        mongo_database=mongo.name,
        redis_url=redis_url,
        signing_key_file=signing,
        pseudonym_key_file=pseudonym,
    )


async def test_a_new_deployment_is_told_what_is_missing(settings: Settings) -> None:
    found = by_name(await examine(settings, lambda: tiny().manifest.created_at))
    assert found["mongo"].level is found["redis"].level is Level.OK
    assert found["indexes"].level is Level.FAIL
    assert "interactions.unreacted" in found["indexes"].found
    assert found["worker"].level is Level.FAIL
    assert found["snapshot"].level is Level.WARN


async def test_a_whole_deployment_passes(settings: Settings, mongo: Database, redis_url: str) -> None:
    now = time.time()
    await ensure_indexes(Mongo(mongo))
    Shelf(settings.data_dir / "snapshots").publish(tiny())
    redis = redis_connect.connect(redis_url)
    await RedisSignals(redis).put_signals(
        signals.TRENDING, signals.pack(signals.make(np.empty(0, np.int64), np.empty(0), now))
    )
    await redis.close()
    found = by_name(await examine(settings, time.time))
    assert {name for name, one in found.items() if one.level is Level.FAIL} <= {"snapshot"}  # its date is the test's
    assert found["worker"].level is found["indexes"].level is found["mongo clock"].level is Level.OK
    assert found["redis clock"].level is found["write concern"].level is found["unreacted events"].level is Level.OK


async def test_events_that_have_not_acted_and_clocks_that_are_off_are_seen(settings: Settings, mongo: Database) -> None:
    await mongo[INTERACTIONS].insert_many(
        [{"_id": f"{n}", "unreacted": True, "received_at": time.time() - 61 + 60 * (n > 2)} for n in range(5)]
    )
    found = by_name(await examine(settings, time.time, ["mongo"]))
    assert found["unreacted events"].found.startswith("3 older")
    late = by_name(await examine(settings, lambda: time.time() - 60, ["mongo", "redis"]))
    assert late["mongo clock"].level is late["redis clock"].level is Level.FAIL


async def test_a_store_that_is_away_fails_and_hides_nothing_else(settings: Settings) -> None:
    away = settings.model_copy(
        update={"mongo_url": "mongodb://127.0.0.1:1/?replicaSet=rs0", "redis_url": "redis://127.0.0.1:1"}
    )
    found = by_name(await examine(away, lambda: 0.0))
    assert found["mongo"].level is found["redis"].level is found["worker"].level is Level.FAIL
    assert found["signing key"].level is Level.OK
    await _forget_half_open_sockets()


def test_the_command_ends_with_1_when_something_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REELS_DATA_DIR", str(tmp_path / uuid4().hex))
    told = CliRunner().invoke(app, ["doctor", "--json"])
    assert told.exit_code == 1
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    failed = {line["what"]: line["advice"] for line in lines if line["level"] == "fail"}
    assert {"signing key", "pseudonym key", "mongo", "redis", "worker"} <= set(failed)
    assert all(failed.values())
    assert CliRunner().invoke(app, ["doctor", "--only", "nonsense"]).exit_code != 0
    assert CliRunner().invoke(app, ["doctor", "--only", "models"]).exit_code == 0


async def _forget_half_open_sockets() -> None:
    """See `tests/stores/mongo/test_connect.py`: the driver leaves them to the collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for _ in range(3):
            await asyncio.sleep(0)
            gc.collect()


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}
