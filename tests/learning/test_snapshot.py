"""Snapshot directories: whole or absent, read-only, and refused when damaged."""

import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from tests.snapshots import make_snapshot

from reels.core.errors import BadSnapshot
from reels.learning import snapshot as module
from reels.learning.codes import Codes
from reels.learning.snapshot import SHAPES, Snapshot, Table, empty_snapshot, open_snapshot, write
from reels.learning.workbench import Arrays


def test_what_is_written_is_what_is_opened(tmp_path: Path) -> None:
    made = make_snapshot(60, 9, seed=3)
    opened = open_snapshot(write(tmp_path, made), verify=True)
    assert opened.manifest.version == made.manifest.version
    assert opened.manifest.regions == made.manifest.regions
    for one in fields(made):
        before, after = getattr(made, one.name), getattr(opened, one.name)
        if isinstance(before, Codes | Table):
            for part in fields(before):
                np.testing.assert_array_equal(getattr(before, part.name), getattr(after, part.name))
        elif one.name not in ("manifest", "groups", "room"):
            np.testing.assert_array_equal(before, after)
            assert before.dtype == after.dtype


def test_an_opened_snapshot_cannot_be_changed(tmp_path: Path) -> None:
    opened = open_snapshot(write(tmp_path, make_snapshot(20)))
    with pytest.raises(ValueError, match="read-only"):
        opened.popularity[0] = 2.0
    assert type(opened.content.codes) is np.ndarray


@pytest.mark.parametrize("n", [0, 1])
def test_tiny_snapshots_survive_the_round_trip(tmp_path: Path, n: int) -> None:
    made = make_snapshot(n) if n else empty_snapshot(space="s", raw_dim=4, content_dim=2)
    opened = open_snapshot(write(tmp_path, made), verify=True)
    assert len(opened.keys) == n
    assert opened.reels_offsets.shape == (n + 1,)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_missing_or_cut_file_is_named(tmp_path: Path, name: str) -> None:
    directory = write(tmp_path, make_snapshot(30))
    path = directory / ("reels.bin" if name == "reels" else f"{name}.npy")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(BadSnapshot, match=f"{path.name} has"):
        open_snapshot(directory)
    path.unlink()
    with pytest.raises(BadSnapshot, match=f"{path.name} is missing"):
        open_snapshot(directory)


def test_a_flipped_byte_is_found_on_request(tmp_path: Path) -> None:
    directory = write(tmp_path, make_snapshot(30))
    path = directory / "factors_codes.npy"
    whole = bytearray(path.read_bytes())
    whole[-3] ^= 0xFF
    path.write_bytes(whole)
    open_snapshot(directory)
    with pytest.raises(BadSnapshot, match=r"factors_codes\.npy does not have its checksum"):
        open_snapshot(directory, verify=True)


def test_of_all_who_open_it_one_reads_every_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    checksum = module._checksum
    directory = write(tmp_path, make_snapshot(30))

    def reading(path: Path) -> str:
        read.append(path.name)
        return checksum(path)

    monkeypatch.setattr(module, "_checksum", reading)
    open_snapshot(directory, verify=True)
    assert read == [], "who wrote it has read it"
    elsewhere = Path(shutil.copytree(directory, tmp_path / "elsewhere"))
    open_snapshot(elsewhere, verify=True)
    assert len(read) == len(list(directory.glob("*.npy"))) + 1
    read.clear()
    open_snapshot(elsewhere, verify=True)
    assert read == []
    (elsewhere / "keys.npy").touch()
    open_snapshot(elsewhere, verify=True)
    assert read == ["keys.npy"]


def test_columns_are_continued_without_touching_the_file(tmp_path: Path) -> None:
    directory = write(tmp_path, make_snapshot(30))
    opened = open_snapshot(directory, verify=True)
    before = (directory / "published.npy").read_bytes()
    for more in (np.empty(0), np.array([7.0, 8.0]), np.arange(1.0, 10_000.0)):
        longer = opened.continued("published", more)
        np.testing.assert_array_equal(longer, np.concatenate([opened.published, more]))
        longer[0] = -1.0
        assert opened.published[0] != -1.0
    assert (directory / "published.npy").read_bytes() == before


def test_a_pruned_snapshot_can_still_be_continued_and_a_replaced_column_is_copied(tmp_path: Path) -> None:
    directory = write(tmp_path, make_snapshot(30))
    opened = open_snapshot(directory)
    shutil.rmtree(directory)
    assert opened.room is not None
    assert opened.room.mapped("keys", opened.keys, 5) is not None
    changed = replace(opened, active=~opened.active)
    np.testing.assert_array_equal(changed.continued("active", np.ones(1, np.bool_))[:-1], ~opened.active)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 2}', '{"format": 2, "regions": 3}'])
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: str) -> None:
    directory = write(tmp_path, make_snapshot(10))
    (directory / "manifest.json").write_text(text)
    with pytest.raises(BadSnapshot, match=r"manifest\.json"):
        open_snapshot(directory)


def test_contradicting_shapes_are_not_written(tmp_path: Path) -> None:
    made = make_snapshot(10)
    with pytest.raises(BadSnapshot, match="popularity: length 9"):
        write(tmp_path, replace(made, popularity=made.popularity[:-1]))
    with pytest.raises(BadSnapshot, match="published: float32"):
        write(tmp_path, replace(made, published=made.published.astype(np.float32)))
    assert list(tmp_path.iterdir()) == []


def test_a_version_is_never_overwritten(tmp_path: Path) -> None:
    made = make_snapshot(10)
    write(tmp_path, made)
    with pytest.raises(BadSnapshot, match="exists already"):
        write(tmp_path, made)


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_checksum", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, make_snapshot(10))
    assert list(tmp_path.iterdir()) == []


GROUP = {"colour": ("float32", ("n", "hues")), "mix": ("int16", ("hues",))}


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """A snapshot of 12 reels with a group of its own."""
    monkeypatch.setitem(module.GROUPS, "paint", GROUP)
    arrays: Arrays = {"colour": np.ones((12, 3), np.float32), "mix": np.arange(3, dtype=np.int16)}
    return replace(make_snapshot(12), groups={"paint": arrays})


def test_a_group_of_further_tables_comes_back(tmp_path: Path, colours: Snapshot) -> None:
    opened = open_snapshot(write(tmp_path, colours), verify=True)
    np.testing.assert_array_equal(opened.groups["paint"]["mix"], [0, 1, 2])
    assert opened.groups["paint"]["colour"].shape == (12, 3)


def test_a_snapshot_without_a_group_opens(tmp_path: Path, colours: Snapshot) -> None:
    assert open_snapshot(write(tmp_path, replace(colours, groups={}))).groups == {}


def test_a_group_nobody_knows_is_not_looked_at(
    tmp_path: Path, colours: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = write(tmp_path, colours)
    monkeypatch.delitem(module.GROUPS, "paint")
    assert open_snapshot(directory, verify=True).groups == {}


def test_half_a_group_is_refused(tmp_path: Path, colours: Snapshot) -> None:
    directory = write(tmp_path, colours)
    (directory / "paint.mix.npy").unlink()
    with pytest.raises(BadSnapshot, match=r"paint\.mix\.npy is missing"):
        open_snapshot(directory)
    del colours.groups["paint"]["mix"]  # type: ignore[attr-defined]
    with pytest.raises(BadSnapshot, match="group paint has colour, expected colour, mix"):
        write(tmp_path / "other", colours)


def test_a_groups_lengths_are_checked(tmp_path: Path, colours: Snapshot) -> None:
    short: Arrays = {**colours.groups["paint"], "mix": np.arange(2, dtype=np.int16)}
    with pytest.raises(BadSnapshot, match=r"paint\.mix: length 2 of dimension 'paint\.hues', expected 3"):
        write(tmp_path, replace(colours, groups={"paint": short}))
