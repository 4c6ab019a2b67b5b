"""The jobs on real stores: a training end to end, nothing computed twice, failures recorded, results taken up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from reels.core import signals
from reels.core.errors import ConfigError, ModelError, NoSnapshot, SnapshotRefused
from reels.core.keys import key_of
from reels.core.types import Event, EventKind, JobRun, Reel, ReelStats, ReelStatus
from reels.jobs import ranker
from reels.jobs.embed_new import NewEmbeddings
from reels.learning.embedders import HashEmbedder
from reels.learning.embeddings import ContentSpace
from reels.learning.training_set import load_interactions
from reels.learning.watch_value import watch_table_of
from reels.recommender.ranker.learned import selection
from reels.recommender.ranker.trees import trees_of
from reels.settings import Settings
from reels.wiring.jobs import JOB_NAMES, Training, alone, close_lost_runs, count_trending, training_of
from reels.wiring.stores import Stores, open_stores

pytestmark = pytest.mark.anyio

NOW = 1_760_000_000.0
TOPICS = (
    "cat dog pet animal",
    "football goal match stadium",
    "recipe cooking kitchen dinner",
    "guitar piano song band",
)


def reel(i: int) -> Reel:
    words = TOPICS[i % 4].split()
    return Reel(
        f"r{i:03d}",
        title=f"{words[i % 3]} {words[(i + 1) % 4]} number {i}",
        tags=(words[i % 4], "viral"),
        duration_sec=20.0,
        creator_id=f"c{i % 15}",
        published_at=NOW - 86_400.0 * (1 + i % 30),
        region=("IN", "US")[i % 2],
        language="en",
        stats=ReelStats(views=100 * i, likes=5 * i),
    )


def likes(viewers: int = 60) -> list[Event]:
    """Viewer u likes ten reels of topic u % 4, in the order of their numbers."""
    rng = np.random.default_rng(0)
    return [
        Event(f"e{u}-{at}", f"u{u:03d}", f"r{4 * int(i) + u % 4:03d}", EventKind.LIKE, NOW - 1000 + at)
        for u in range(viewers)
        for at, i in enumerate(np.sort(rng.permutation(30)[:10]))
    ]


class Clock:
    """Goes on a second at a look, from well after the events."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
async def system(anyio_backend: str, mongo_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stores]:
    settings = Settings(
        data_dir=tmp_path,
        mongo_url=mongo_url,
        redis_url=redis_url,
        mongo_database=f"test_{uuid4().hex}",
        embedder="hash",
        content_dim=16,
        factors=8,
        neighbours=10,
    )
    async with open_stores(settings) as opened:
        await opened.reels.upsert([reel(i) for i in range(120)], NOW - 5000)
        await opened.interactions.insert(likes(), NOW - 100)
        yield opened
        await opened.mongo.database.client.drop_database(settings.mongo_database)


@pytest.fixture
def training(system: Stores) -> Training:
    return training_of(system, Clock())


async def test_everything_from_the_stores_to_a_snapshot_in_use(system: Stores, training: Training) -> None:
    runs = await training.run()
    assert [one.job for one in runs] == ["gather", *JOB_NAMES]
    made = system.shelf.open_current(verify=True)
    assert made.manifest.rows == 120
    assert (made.manifest.events, made.manifest.users) == (600, 60)
    assert made.manifest.created_at == pytest.approx(NOW + 1)
    assert made.manifest.regions == ("IN", "US")
    row = {key: at for at, key in enumerate(made.keys.tolist())}
    at = row[key_of("r004")]
    near = made.cf.indices[made.cf.indptr[at] : made.cf.indptr[at + 1]]
    topic_mates = {row[key_of(f"r{i:03d}")] for i in range(0, 120, 4)}
    assert len(near) > 0
    assert set(near.tolist()) <= topic_mates
    assert made.factors.known().mean() > 0.9
    assert made.content.known().all()
    assert len(set(made.manifest.topics)) == len(made.manifest.topics) > 1
    public = made.reels[made.reels_offsets[at] : made.reels_offsets[at + 1]].tobytes()
    assert public.startswith(b'"reel_id":"r004"')
    recorded = {one.job: one for one in await system.jobs.recent(20)}
    assert all(one.outcome == "done" and one.finished_at is not None for one in recorded.values())
    assert recorded["gather"].details["events"] == 600


async def test_what_is_usual_to_watch_is_in_the_snapshot_and_in_what_the_jobs_read(
    system: Stores, training: Training
) -> None:
    watched = [
        Event(f"w{u}-{i}", f"u{u:03d}", f"r{i:03d}", EventKind.WATCH, NOW - 900 + i, 1.0 + (7 * u + i) % 19, 20.0)
        for u in range(60)
        for i in range(40)
    ]
    await system.interactions.insert(watched, NOW - 100)
    await training.run(["embeddings", "cf_matrix", "factorization", "popularity", "snapshot"])
    table = watch_table_of(system.shelf.open_current(verify=True))
    assert table is not None
    pairs = load_interactions(training.bench)
    only = np.isfinite(pairs.watched) & (pairs.values < 0.875)
    assert only.sum() > 1500
    shares = pairs.watched[only]
    np.testing.assert_array_equal(
        pairs.values[only], table.values(np.zeros_like(shares), shares, np.full_like(shares, 20.0))
    )
    assert (pairs.values[only] > 0).mean() == pytest.approx(0.35, abs=0.06)
    assert pairs.values[~only].max() == np.float32(0.9)


async def test_an_unchanged_input_is_not_computed_again(system: Stores, training: Training) -> None:
    await training.run()
    again = {one.job: one.details for one in await training.run()}
    for name in ("embeddings", "cf_matrix", "factorization", "popularity", "words", "ease", "recent", "ranker"):
        assert again[name].get("unchanged") is True, name
    assert again["embeddings"]["embedded"] == 0
    await system.interactions.insert([Event("new", "u000", "r001", EventKind.LIKE, NOW)], NOW)
    after = {one.job: one.details for one in await training.run(["cf_matrix", "factorization"])}
    assert "unchanged" not in after["cf_matrix"]
    assert "unchanged" not in after["factorization"]
    assert len(system.shelf.versions()) == 2


async def test_the_same_input_gives_the_same_snapshot(system: Stores, training: Training, tmp_path: Path) -> None:
    await training.run()
    first = system.shelf.open_current()
    for path in (tmp_path / "work").glob("*.npz"):
        path.unlink()
    await training.run()
    second = system.shelf.open_current()
    assert first.manifest.version != second.manifest.version
    assert first.manifest.checksums == second.manifest.checksums


async def test_only_changed_texts_are_embedded_and_equal_texts_once(system: Stores, training: Training) -> None:
    await training.run(["embeddings"])
    twin = replace(reel(7), reel_id="twin")
    changed = replace(reel(3), title="a quite different thing")
    await system.reels.upsert([twin, changed], NOW)
    runs = await training.run(["embeddings"])
    assert runs[-1].details["embedded"] == 2  # of the twin its own copy, from one text
    found = await system.embeddings.get(training.embedder.space, ["twin", "r007", "r003"])
    np.testing.assert_array_equal(found["twin"].vector, found["r007"].vector)
    stored = await system.reels.get(["r003"])
    assert found["r003"].content_hash == stored["r003"].content_hash


async def test_a_snapshot_without_its_parts_says_what_to_run(system: Stores, training: Training) -> None:
    with pytest.raises(NoSnapshot, match=r"no content .* run `reels jobs run embeddings` first"):
        await training.run(["snapshot"])
    failed = [one for one in await system.jobs.recent(5) if one.job == "snapshot"]
    assert failed[0].outcome == "failed"
    assert "NoSnapshot" in failed[0].details["error"]


async def test_a_refused_snapshot_leaves_the_one_before_in_use(system: Stores, training: Training) -> None:
    await training.run()
    before = system.shelf.current()
    work = training.bench.load("popularity")
    training.bench.save(
        "popularity", training.bench.digest_of("popularity") or "", work | {"popularity": work["popularity"] * np.nan}
    )
    with pytest.raises(SnapshotRefused, match="popularity: 120 values are not finite"):
        await training.run(["snapshot"])
    assert system.shelf.current() == before
    assert system.shelf.versions() == [before]


async def test_old_snapshots_are_pruned(system: Stores, training: Training) -> None:
    for _ in range(5):
        await training.run(["embeddings", "cf_matrix", "factorization", "popularity", "snapshot"])
    assert len(system.shelf.versions()) == system.settings.snapshots_kept


async def test_an_empty_system_trains(system: Stores, tmp_path: Path) -> None:
    settings = system.settings.model_copy(
        update={"mongo_database": f"test_{uuid4().hex}", "data_dir": tmp_path / "empty"}
    )
    async with open_stores(settings) as empty:
        training = training_of(empty, Clock())
        await training.run()
        assert empty.shelf.open_current().manifest.rows == 0
        await empty.reels.upsert([Reel("only", title="only one")], NOW)
        await training.run()
        assert empty.shelf.open_current().content.known().any()
        await empty.mongo.database.client.drop_database(settings.mongo_database)


async def test_blocked_reels_are_inactive(system: Stores, training: Training) -> None:
    await system.reels.set_status(["r005"], ReelStatus.BLOCKED, NOW)
    await training.run()
    made = system.shelf.open_current()
    assert made.keys[~made.active].tolist() == [key_of("r005")]


async def test_one_training_at_a_time_and_only_known_jobs(training: Training) -> None:
    with alone(training.bench.path("LOCK")), pytest.raises(ModelError, match="another training is at work"):
        await training.run()
    with pytest.raises(ConfigError, match="no job 'dance'; there are embeddings"):
        await training.run(["dance"])


async def test_runs_of_a_killed_process_are_closed_unless_somebody_trains(system: Stores, training: Training) -> None:
    await system.jobs.save(JobRun("lost", "snapshot", NOW))
    await system.jobs.save(JobRun("fine", "snapshot", NOW, NOW + 1, "done"))
    with alone(training.bench.path("LOCK")):
        assert await close_lost_runs(system, NOW + 2) == 0
    assert await close_lost_runs(system, NOW + 3) == 1
    told = {one.run_id: one for one in await system.jobs.recent(5)}
    assert (told["lost"].outcome, told["fine"].outcome) == ("failed", "done")
    assert "process ended" in told["lost"].details["error"]


async def test_an_asked_for_run_keeps_its_id(system: Stores, training: Training) -> None:
    asked = await system.jobs.request("popularity", NOW, "admin")
    taken = await system.jobs.take_request(NOW)
    assert taken is not None
    await training.run([taken.job], taken.run_id)
    done = {one.run_id: one for one in await system.jobs.recent(5)}
    assert done[asked].outcome == "done"


async def test_trending_and_trials_are_published(system: Stores, training: Training) -> None:
    await training.run()
    shown = [Event(f"i{u}", f"v{u}", "r009", EventKind.IMPRESSION, NOW) for u in range(30)]
    liked = [Event(f"l{u}", f"v{u}", "r009", EventKind.LIKE, NOW) for u in range(30)]
    await system.interactions.insert([*shown, *liked], NOW)
    details = await count_trending(system, NOW + 60)
    assert details["trending"] >= 1
    found = await system.signals.get_signals([signals.TRENDING, signals.TRIALS])
    trending = signals.unpack(found[signals.TRENDING])
    assert key_of("r009") in trending.keys
    trials = signals.unpack(found[signals.TRIALS])
    assert trials.values[trials.keys == key_of("r009")].tolist() == [30.0]
    await count_trending(system, NOW + 10 * 86_400)
    later = await system.signals.get_signals([signals.TRENDING])
    assert len(signals.unpack(later[signals.TRENDING]).keys) == 0


async def test_a_new_reel_is_embedded_and_touched_once(system: Stores, training: Training) -> None:
    await training.run()
    embedder = HashEmbedder()
    newcomers = NewEmbeddings(system.reels, system.embeddings, embedder, NOW)
    await newcomers.step(NOW + 5)
    await system.reels.upsert([replace(reel(200), title="brand new kitchen dinner")], NOW + 10)
    assert await newcomers.step(NOW + 10.5) == 1
    before = (await system.reels.get(["r200"]))["r200"]
    assert before.updated_at >= NOW + 10.5
    assert await newcomers.step(NOW + 11) == 0
    assert newcomers.waiting == 0
    vector = (await system.embeddings.get(embedder.space, ["r200"]))["r200"].vector
    made = system.shelf.open_current()
    content = ContentSpace(made.centre, made.projection).project(vector[None])[0]
    nearest = made.keys[np.argsort(-made.content.product(content))[:5]]
    cooking = {key_of(f"r{i:03d}") for i in range(2, 120, 4)}
    assert len(set(nearest.tolist()) & cooking) >= 4


async def test_a_single_upload_does_not_wait_behind_a_big_import(system: Stores) -> None:
    newcomers = NewEmbeddings(system.reels, system.embeddings, HashEmbedder(), 0.0)
    await newcomers.step(NOW)
    assert newcomers.waiting == 120 - 64
    await system.reels.upsert([reel(200)], NOW + 1)
    await newcomers.step(NOW + 1)
    assert "r200" in await system.embeddings.get(HashEmbedder().space, ["r200"])
    while newcomers.waiting:
        await newcomers.step(NOW + 2)
    assert len(await system.embeddings.hashes(HashEmbedder().space)) == 121


async def test_readers_survive_trainings_side_by_side(system: Stores, training: Training) -> None:
    await training.run()
    rows: set[int] = set()

    async def read() -> None:
        for _ in range(50):
            opened = await asyncio.to_thread(system.shelf.open_current, verify=True)
            rows.add(len(opened.keys))

    await asyncio.gather(read(), training.run())
    assert rows == {120}


async def test_the_ranker_learns_and_is_in_the_snapshot(system: Stores, training: Training) -> None:
    details = {one.job: one.details for one in await training.run()}
    assert details["ranker"]["answered"] >= 20
    made = system.shelf.open_current(verify=True)
    assert set(made.groups) >= {"words", "ease", "recent", "ranker"}
    trees = trees_of(made)
    assert trees is not None
    assert selection(trees.columns) is not None
    assert made.groups["ranker"]["blend"].sum() == pytest.approx(1.0)


async def test_without_its_library_there_is_a_snapshot_without_a_ranker(
    system: Stores, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranker, "unavailable", lambda: "LightGBM can't be loaded (libgomp.so.1)")
    details = {one.job: one.details for one in await training.run()}
    assert "libgomp" in details["ranker"]["left_out"]
    assert "ranker" not in system.shelf.open_current().groups
