"""The evaluated snapshot is the one the jobs make of the same reels and events."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import Database
from tests.evaluation.tiny import clusters, context

from reels.core.progress import Silent
from reels.evaluation import snapshots
from reels.evaluation.snapshots import SnapshotConfig, snapshot_of
from reels.jobs import (
    cf_matrix,
    ease,
    embeddings,
    factorization,
    newcomers,
    popularity,
    recent,
    sequence,
    shallow,
    words,
)
from reels.jobs.snapshot import assemble
from reels.learning import training_set
from reels.learning.catalogue import catalogue_of
from reels.learning.codes import Codes
from reels.learning.embedders import embedder_of
from reels.learning.factorization import FactorizationConfig
from reels.learning.preprocessing import clean, content_hash
from reels.learning.sequence import SequenceConfig
from reels.learning.shallow import ShallowConfig
from reels.learning.snapshot import Table
from reels.learning.workbench import Workbench
from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.embeddings import MongoEmbeddings
from reels.stores.mongo.indexes import ensure_indexes

CONFIG = SnapshotConfig(embedder="hash", content_dim=16, factors=8, sequence_epochs=2)


@pytest.mark.anyio
async def test_both_are_the_same_array_for_array(
    mongo: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reels, made = clusters()
    now = float(made.at.max())
    ready = context(reels, now=now)
    stored = [
        replace(one, content_hash=content_hash(clean(one.reel.title, one.reel.tags)))
        for one in snapshots._stored(made, ready)
    ]
    catalogue, pairs, bench = catalogue_of(stored), made.pairs(reels), Workbench(tmp_path)
    for name, arrays in (("catalogue", catalogue.arrays()), ("interactions", pairs.arrays())):
        bench.save(name, name, {**arrays, "now": np.array(now)})
    # The jobs keep a few pairs from the fits to check the snapshot with; nothing is kept back from an evaluated one.
    monkeypatch.setattr(training_set, "held_out", lambda pairs: np.zeros(len(pairs.reels), np.bool_))
    store = Mongo(mongo, timeout_sec=20)
    await ensure_indexes(store, 30)
    await embeddings.run(bench, MongoEmbeddings(store), embedder_of("hash"), dim=CONFIG.content_dim, progress=Silent())
    fit = {"half_life_sec": CONFIG.half_life_sec, "threads": 1, "progress": Silent()}
    await cf_matrix.run(bench, neighbours=CONFIG.neighbours, **fit)  # type: ignore[arg-type]
    await factorization.run(bench, FactorizationConfig(factors=CONFIG.factors), **fit)  # type: ignore[arg-type]
    await popularity.run(bench, half_life_sec=CONFIG.popularity_half_life_sec, progress=Silent())
    await sequence.run(bench, SequenceConfig(epochs=CONFIG.sequence_epochs), **fit)  # type: ignore[arg-type]
    await shallow.run(bench, ShallowConfig(epochs=CONFIG.shallow_epochs), **fit)  # type: ignore[arg-type]
    await words.run(bench, neighbours=CONFIG.neighbours, threads=1, progress=Silent())
    await ease.run(bench, neighbours=CONFIG.ease_neighbours, half_life_sec=CONFIG.half_life_sec, progress=Silent())
    await newcomers.run(bench, neighbours=CONFIG.neighbours, half_life_sec=CONFIG.half_life_sec, progress=Silent())
    await recent.run(bench, half_life_sec=CONFIG.half_life_sec, progress=Silent())
    theirs = assemble(bench, catalogue, pairs, version="evaluated", created_at=now)
    mine = snapshot_of(made, ready, CONFIG)
    assert replace(mine.manifest, metrics={}) == replace(theirs.manifest, metrics={})
    assert mine.groups.keys() == theirs.groups.keys() >= {"words", "ease", "recent"}
    for group, found in mine.groups.items():
        for name, array in found.items():
            np.testing.assert_array_equal(array, theirs.groups[group][name], err_msg=f"{group}.{name}")
    for name in (one.name for one in fields(mine) if one.name not in ("manifest", "groups", "room")):
        one, other = getattr(mine, name), getattr(theirs, name)
        parts = [(one, other)]
        if isinstance(one, Codes | Table):
            parts = [(getattr(one, part.name), getattr(other, part.name)) for part in fields(one)]
        for left, right in parts:
            np.testing.assert_array_equal(left, right, err_msg=name)
    assert (mine.keys == reels.keys).all()
