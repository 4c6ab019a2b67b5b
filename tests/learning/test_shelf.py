"""The shelf: atomic switch under readers, rollback, pruning."""

from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from tests.snapshots import make_snapshot

from reels.core.errors import BadSnapshot, NoSnapshot
from reels.learning.shelf import Shelf, version_of
from reels.learning.snapshot import Snapshot


def numbered(i: int) -> Snapshot:
    """Snapshot i says its number in its popularity."""
    made = make_snapshot(12)
    return replace(
        made,
        manifest=replace(made.manifest, version=version_of(1_000_000.0 + i)),
        popularity=np.full(12, i, np.float32),
    )


def test_nothing_trained_yet(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "none")
    assert shelf.current() is None
    assert shelf.versions() == []
    assert shelf.stamp() == (0, 0)
    with pytest.raises(NoSnapshot, match="jobs run"):
        shelf.open_current()


def test_publish_switches_and_changes_the_stamp(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.publish(numbered(0))
    first = shelf.stamp()
    shelf.publish(numbered(1))
    assert shelf.stamp() != first
    assert shelf.open_current().popularity[0] == 1
    assert shelf.versions() == [version_of(1_000_000.0), version_of(1_000_001.0)]


def test_readers_see_whole_snapshots_while_publishing_and_pruning(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.publish(numbered(0))
    stop, wrong, seen = Event(), [], set()

    def read() -> None:
        while not stop.is_set():
            opened = Shelf(tmp_path).open_current(verify=True)
            values = set(opened.popularity.tolist())
            seen.update(values)
            if len(values) != 1 or opened.manifest.version != version_of(1_000_000.0 + next(iter(values))):
                wrong.append(values)

    reader = Thread(target=read)
    reader.start()
    for i in range(1, 30):
        shelf.publish(numbered(i))
        shelf.prune(1)
    while reader.is_alive() and 29.0 not in seen:
        reader.join(0.01)
    stop.set()
    reader.join()
    assert not wrong
    assert 29.0 in seen
    assert shelf.versions() == [version_of(1_000_029.0)]


def test_a_pruned_snapshot_stays_readable_for_who_has_it_open(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.publish(numbered(0))
    opened = shelf.open_current()
    shelf.publish(numbered(1))
    assert shelf.prune(1) == [version_of(1_000_000.0)]
    assert opened.popularity[0] == 0


def test_rollback_goes_back_and_never_to_what_was_rolled_back_from(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for i in range(3):
        shelf.publish(numbered(i))
    assert shelf.rollback() == version_of(1_000_001.0)
    assert shelf.open_current().popularity[0] == 1
    shelf.publish(numbered(3))
    assert shelf.rollback() == version_of(1_000_001.0)
    assert shelf.rollback() == version_of(1_000_000.0)
    with pytest.raises(NoSnapshot, match="to go back to"):
        shelf.rollback()
    assert shelf.current() == version_of(1_000_000.0)


def test_rollback_with_nothing_in_use_says_so(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.publish(numbered(0))
    (tmp_path / "CURRENT").unlink()
    with pytest.raises(NoSnapshot, match="no snapshot is in use"):
        shelf.rollback()


def test_prune_never_removes_the_current_one(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for i in range(4):
        shelf.publish(numbered(i))
    shelf.switch(version_of(1_000_000.0))
    assert shelf.prune(2) == [version_of(1_000_001.0)]
    assert shelf.open_current().popularity[0] == 0


def test_a_damaged_version_is_not_switched_to(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.publish(numbered(0))
    good = shelf.publish(numbered(1))
    (good / "factors_codes.npy").unlink()
    shelf.switch(version_of(1_000_000.0))
    with pytest.raises(BadSnapshot, match="factors"):
        shelf.switch(version_of(1_000_001.0))
    assert shelf.current() == version_of(1_000_000.0)


def test_where_the_one_in_use_is_damaged_the_newest_whole_one_is_opened(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for i in range(4):
        shelf.publish(numbered(i))
    shelf.rollback()  # from 3: nobody wants that one back
    alter_one_byte(tmp_path / version_of(1_000_002.0) / "popularity.npy")
    snapshot, damaged = shelf.open_usable()
    assert snapshot.popularity[0] == 1
    assert len(damaged) == 1
    assert "popularity.npy does not have its checksum" in damaged[0]


def test_where_nothing_is_whole_it_says_what_is_wrong_with_each(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for i in range(2):
        alter_one_byte(shelf.publish(numbered(i)) / "factors_codes.npy")
    with pytest.raises(BadSnapshot, match=f"{version_of(1_000_001.0)}.*{version_of(1_000_000.0)}"):
        shelf.open_usable()


def alter_one_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 0xFF
    file.write_bytes(content)
