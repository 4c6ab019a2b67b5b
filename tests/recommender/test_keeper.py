"""The models in use follow snapshots, catalogue and signals on real stores."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import pytest
from redis.asyncio import Redis
from tests.conftest import Database
from tests.snapshots import NOW, make_snapshot, reel_name

from reels.core import signals
from reels.core.keys import keys_of
from reels.core.ports import StoredEmbedding
from reels.core.public import public_fields
from reels.core.types import Reel, ReelStats, ReelStatus
from reels.learning.shelf import Shelf
from reels.learning.snapshot import Snapshot
from reels.recommender.keeper import Keeper
from reels.recommender.models import Models
from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.embeddings import MongoEmbeddings
from reels.stores.mongo.indexes import ensure_indexes
from reels.stores.mongo.reels import MongoReels
from reels.stores.redis import connect as redis_connect
from reels.stores.redis.signals import RedisSignals

pytestmark = pytest.mark.anyio


def snapshot(seed: int = 0, created_at: float = NOW) -> Snapshot:
    made = make_snapshot(200, seed=seed)
    manifest = replace(made.manifest, version=f"2026{seed:04d}", created_at=created_at)
    return replace(made, manifest=manifest)


def reel(reel_id: str, **more: object) -> Reel:
    return Reel(reel_id, title=f"Title of {reel_id}", creator_id="c999", language="hi", region="IN", **more)  # type: ignore[arg-type]


@dataclass
class Room:
    keeper: Keeper
    shelf: Shelf
    reels: MongoReels
    embeddings: MongoEmbeddings
    signals: RedisSignals

    @property
    def models(self) -> Models:
        return self.keeper.models

    def has(self, reel_id: str) -> bool:
        row = int(self.models.rows_of(keys_of([reel_id]))[0])
        return row >= 0 and bool(self.models.active[row])


@pytest.fixture
async def room(mongo: Database, redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Room]:
    database, shared = Mongo(mongo), redis_connect.connect(redis_url)
    await ensure_indexes(database, 30)
    reels, embeddings, signal_store = MongoReels(database), MongoEmbeddings(database), RedisSignals(shared)
    shelf = Shelf(tmp_path)
    yield Room(Keeper(shelf, reels, embeddings, signal_store), shelf, reels, embeddings, signal_store)
    await shared.close()


async def test_before_the_first_snapshot_the_most_viewed_reels_are_there(room: Room) -> None:
    await room.reels.upsert([reel("a", stats=ReelStats(views=10)), reel("b", stats=ReelStats(views=1_000_000))], NOW)
    await room.keeper.start(NOW)
    assert room.models.version == ""
    assert room.models.snapshot.manifest.languages == ("hi",)
    rows = room.models.rows_of(keys_of(["a", "b"]))
    assert room.models.popularity[rows[1]] > room.models.popularity[rows[0]] > 0


async def test_a_new_snapshot_is_taken_and_a_rollback_too(room: Room) -> None:
    await room.keeper.start(NOW)
    room.shelf.publish(snapshot(1))
    assert await room.keeper.refresh_snapshot()
    assert room.models.version == "20260001"
    assert not await room.keeper.refresh_snapshot(), "nothing new"
    room.shelf.publish(snapshot(2))
    assert await room.keeper.refresh_snapshot()
    assert room.models.version == "20260002"
    room.shelf.rollback()
    assert await room.keeper.refresh_snapshot()
    assert room.models.version == "20260001"


async def test_new_changed_and_blocked_reels_are_followed(room: Room) -> None:
    room.shelf.publish(snapshot())
    await room.keeper.start(NOW)
    await room.reels.upsert([reel("new"), reel(reel_name(8))], NOW + 1)
    assert await room.keeper.refresh_catalogue(NOW + 1) == 2
    assert room.has("new")
    row = int(room.models.rows_of(keys_of([reel_name(8)]))[0])
    assert room.models.reel(row)["title"] == f"Title of {reel_name(8)}"
    await room.reels.set_status(["new"], ReelStatus.BLOCKED, NOW + 2)
    await room.keeper.refresh_catalogue(NOW + 2)
    assert not room.has("new")
    assert await room.keeper.refresh_catalogue(NOW + 3) == 0


async def test_an_embedding_that_comes_later_is_picked_up(room: Room) -> None:
    room.shelf.publish(snapshot())
    await room.keeper.start(NOW)
    await room.reels.upsert([reel("new")], NOW + 1)
    await room.keeper.refresh_catalogue(NOW + 1)
    assert not room.models.tail_content.any()
    stored = (await room.reels.get(["new"]))["new"]
    vector = room.models.snapshot.content[0]
    await room.embeddings.put("test", [StoredEmbedding("new", stored.content_hash, vector)])
    await room.reels.touch(["new"], NOW + 2)
    await room.keeper.refresh_catalogue(NOW + 2)
    assert np.allclose(room.models.tail_content[0], vector, atol=0.02)


async def test_what_the_snapshot_says_already_is_not_kept_twice(room: Room) -> None:
    base = snapshot()
    blobs = [base.reels[a:b].tobytes() for a, b in pairwise(base.reels_offsets.tolist())]
    row = int(np.flatnonzero(base.active & base.content.known())[0])
    same = orjson.loads(b"{" + blobs[row] + b"}")
    known = Reel(same["reel_id"], same["title"], tuple(same["tags"]), same["duration_sec"], same["creator_id"])
    blobs[row] = public_fields(known)
    offsets = np.concatenate(([0], np.cumsum([len(one) for one in blobs]))).astype(np.int64)
    room.shelf.publish(replace(base, reels=np.frombuffer(b"".join(blobs), np.uint8), reels_offsets=offsets))
    await room.keeper.start(NOW)
    await room.reels.upsert([known, reel("late")], NOW + 1)
    assert await room.keeper.refresh_catalogue(NOW + 1) == 2
    assert room.models.tail_keys.tolist() == keys_of(["late"]).tolist()
    assert room.has(known.reel_id)


async def test_signals_are_taken_and_outlive_other_refreshes(room: Room) -> None:
    room.shelf.publish(snapshot())
    await room.keeper.start(NOW)
    hot = signals.make(keys_of([reel_name(3)]), np.array([0.7]), NOW)
    await room.signals.put_signals(signals.TRENDING, signals.pack(hot))
    await room.keeper.refresh_signals()
    row = int(room.models.rows_of(keys_of([reel_name(3)]))[0])
    assert room.models.trending[row] == np.float32(0.7)
    await room.reels.upsert([reel("new")], NOW + 1)
    await room.keeper.refresh_catalogue(NOW + 1)
    assert room.models.trending[row] == np.float32(0.7)


async def test_refreshes_at_once_lose_nothing(room: Room) -> None:
    room.shelf.publish(snapshot())
    await room.keeper.start(NOW)
    hot = signals.make(keys_of([reel_name(3)]), np.array([0.7]), NOW)
    for turn in range(5):
        room.shelf.publish(snapshot(turn + 1))
        await room.reels.upsert([reel(f"n{turn}")], NOW + 1 + turn)
        await room.signals.put_signals(signals.TRENDING, signals.pack(replace(hot, computed_at=NOW + turn)))
        await asyncio.gather(
            room.keeper.refresh_catalogue(NOW + 1 + turn),
            room.keeper.refresh_snapshot(),
            room.keeper.refresh_signals(),
        )
    assert room.models.version == "20260005"
    assert all(room.has(f"n{turn}") for turn in range(5))
    assert room.models.trending.max() == np.float32(0.7)


async def test_a_request_keeps_the_models_it_began_with(room: Room) -> None:
    room.shelf.publish(snapshot())
    await room.keeper.start(NOW)
    before = room.models
    row = int(before.rows_of(keys_of([reel_name(8)]))[0])
    await room.reels.upsert([reel(reel_name(8), status=ReelStatus.BLOCKED)], NOW + 1)
    await room.keeper.refresh_catalogue(NOW + 1)
    assert room.models is not before
    assert before.active[row]
    assert not room.has(reel_name(8))
