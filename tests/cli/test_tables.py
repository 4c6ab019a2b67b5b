"""CSV in and out: whole or not at all, and a clear word about what is missing."""

import csv
import gzip
from pathlib import Path

import pytest

from reels.cli.tables import rows_of, written
from reels.core.errors import BadRow

ROWS = [("u1", 'a "quoted", name'), ("ü2", "line\nbreak")]


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    with written(tmp_path / "new" / name) as file:
        csv.writer(file, lineterminator="\n").writerows([("user_id", "reel_id"), *ROWS])
    assert list(rows_of(tmp_path / "new" / name, ("user_id", "reel_id"))) == ROWS
    assert list(rows_of(tmp_path / "new" / name, ("reel_id",))) == [(row[1],) for row in ROWS]
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]
    if name.endswith(".gz"):
        assert gzip.decompress((tmp_path / "new" / name).read_bytes()).startswith(b"user_id")


def test_a_file_that_was_not_finished_is_not_there_and_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(TypeError), written(path) as file:
        file.writelines(["half", None])  # type: ignore[list-item]
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["out.csv"]


def test_one_column_may_come_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "users.txt"
    path.write_text("u1\nu2\n\nu3")
    assert list(rows_of(path, ("user_id",))) == [("u1",), ("u2",), ("u3",)]


def test_a_missing_column_and_a_short_row_are_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("user_id,reel\nu1,r1\n")
    with pytest.raises(BadRow, match="reel_id: no such column among user_id, reel"):
        list(rows_of(path, ("user_id", "reel_id")))
    path.write_text("user_id,reel_id\nu1,r1\nu2\n")
    with pytest.raises(BadRow, match=r"pairs.csv:3: user_id: 1 values, expected 2"):
        list(rows_of(path, ("user_id", "reel_id")))
