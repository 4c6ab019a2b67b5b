"""Checks: each way a snapshot can be bad is named; a worse one is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.snapshots import make_snapshot

from reels.core.errors import SnapshotRefused
from reels.learning.checks import CheckConfig, check
from reels.learning.codes import Codes
from reels.learning.index import RECALL, IndexConfig, indexed
from reels.learning.interactions import Interactions, held_out
from reels.learning.snapshot import Neighbours, Snapshot, Table, empty_snapshot

GOOD = make_snapshot(120, seed=5)


def log_of(snapshot: Snapshot, viewers: int = 1500) -> Interactions:
    """Viewers who like five reels of one topic each."""
    rng = np.random.default_rng(0)
    lists = [rng.permutation(np.flatnonzero(snapshot.topics == u % 8))[:5] for u in range(viewers)]
    rows = np.concatenate(lists)
    return Interactions(
        user_keys=rng.integers(-(2**63), 2**63 - 1, viewers),
        indptr=np.arange(viewers + 1, dtype=np.int64) * 5,
        reels=snapshot.keys[rows],
        values=np.full(len(rows), 0.9, np.float32),
        watched=np.full(len(rows), np.nan, np.float32),
        kinds=np.full(len(rows), 4, np.uint16),
        at=np.tile(np.arange(5.0), viewers),
        events=len(rows),
    )


PAIRS = log_of(GOOD)
DOUBLED = replace(GOOD.content, scales=GOOD.content.scales * 2)


def turned(rows: Codes) -> Codes:
    return Codes(rows.codes[::-1].copy(), rows.scales[::-1].copy())


HELD = held_out(PAIRS)


def checked(new: Snapshot, before: Snapshot | None = None) -> dict[str, float]:
    return check(new, before, PAIRS, HELD, embedded=0.97, config=CheckConfig(at=20))


def with_table(indptr: Any = None, indices: Any = None, codes: Any = None, scales: Any = None) -> Snapshot:
    table = GOOD.cf
    return replace(
        GOOD,
        cf=Table(
            table.indptr if indptr is None else indptr,
            table.indices if indices is None else indices,
            table.codes if codes is None else codes,
            table.scales if scales is None else scales,
        ),
    )


def first(array: Any, value: Any) -> Any:
    changed = array.copy()
    changed.flat[0] = value
    return changed


def test_a_good_snapshot_passes_and_is_measured() -> None:
    metrics = checked(GOOD, GOOD)
    assert metrics["rows"] == 120
    assert metrics["recall_viewers"] >= 100
    assert metrics["recall_at_200"] == metrics["recall_at_200_before"] > 0.5


@pytest.mark.parametrize(
    "bad, says",
    [
        (replace(GOOD, popularity=first(GOOD.popularity, np.nan)), "popularity: 1 values are not finite"),
        (replace(GOOD, popularity=first(GOOD.popularity, 1.5)), "popularity: values outside"),
        (replace(GOOD, factors=Codes.of(first(GOOD.factors.floats(), np.inf))), "factors: 1 rows are not finite"),
        (replace(GOOD, keys=GOOD.keys[::-1].copy()), "keys: not ascending"),
        (replace(GOOD, rows=first(GOOD.rows, 3)), "rows: not 0, 1, 2"),
        (replace(GOOD, content=DOUBLED), "content: rows are neither unit nor zero"),
        (replace(GOOD, duplicates=first(GOOD.duplicates, 120)), "duplicates: rows outside"),
        (replace(GOOD, regions=first(GOOD.regions, 3)), "regions: codes outside"),
        (replace(GOOD, topics=first(GOOD.topics, 99)), "topics: codes outside"),
        (replace(GOOD, topics=GOOD.topics[:-1]), "topics: length 119"),
        (replace(GOOD, reels=GOOD.reels[:-1]), "reels: offsets do not end"),
        (with_table(indices=first(GOOD.cf.indices, 120)), "cf: neighbours outside"),
        (with_table(indices=first(GOOD.cf.indices, 0)), "cf: reels that are their own"),
        (with_table(scales=first(GOOD.cf.scales, 1.01 / 255)), "cf: weights outside"),
        (with_table(codes=first(GOOD.cf.codes, 0)), "cf: 1 rows are not best first"),
        (with_table(indptr=first(GOOD.cf.indptr, 1)), "cf: indptr is not"),
    ],
)
def test_each_defect_is_named(bad: Snapshot, says: str) -> None:
    with pytest.raises(SnapshotRefused, match=says):
        checked(bad)


def test_every_failure_is_listed() -> None:
    bad = replace(GOOD, popularity=GOOD.popularity + 2, content=DOUBLED)
    with pytest.raises(SnapshotRefused) as caught:
        checked(bad)
    assert len(caught.value.failures) == 2


def test_a_snapshot_that_recommends_worse_is_refused() -> None:
    rng = np.random.default_rng(3)
    indices = np.sort(rng.integers(0, 119, len(GOOD.cf.indices))).astype(np.int32)
    owners = np.repeat(np.arange(120), np.diff(GOOD.cf.indptr))
    indices = ((owners + 1 + indices % 118) % 120).astype(np.int32)
    table = Table.of(Neighbours(GOOD.cf.indptr, indices, GOOD.cf.weights))
    bad = replace(GOOD, cf=table, next=table, content=turned(GOOD.content), factors=turned(GOOD.factors))
    with pytest.raises(SnapshotRefused, match=r"recall@20 .* is under 80%"):
        checked(bad, GOOD)
    assert checked(bad)["recall_at_200"] < 0.5


def test_an_emptied_catalogue_and_missing_embeddings_are_refused() -> None:
    with pytest.raises(SnapshotRefused, match="120 reels, the snapshot before has 400"):
        checked(GOOD, make_snapshot(400))
    with pytest.raises(SnapshotRefused, match="embedded"):
        check(GOOD, None, PAIRS, HELD, embedded=0.5)


def test_an_index_that_finds_too_little_is_refused() -> None:
    config = IndexConfig(fewest=1, at=20, queries=20)
    good = indexed(GOOD, config)
    assert checked(good)["rows"] == 120
    bad = replace(good, manifest=replace(good.manifest, metrics={RECALL: 0.9}))
    with pytest.raises(SnapshotRefused, match=r"the search index finds 0.900 of the nearest, 0.97 are needed"):
        checked(bad)


def test_an_empty_catalogue_passes() -> None:
    assert check(empty_snapshot(raw_dim=4, content_dim=2), None, PAIRS, HELD, embedded=1.0)["rows"] == 0


def test_held_out_pairs_are_the_newest_of_the_same_viewers() -> None:
    assert 100 < HELD.sum() <= 200
    assert (PAIRS.at[HELD] == 4).all()
    more = log_of(GOOD, 1500)
    np.testing.assert_array_equal(np.flatnonzero(held_out(more)), np.flatnonzero(HELD))
