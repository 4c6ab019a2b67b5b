"""Files of every known format, whole and damaged."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reels.core.errors import BadRow, InputError
from reels.ingest.files.reader import Row, read_rows

TEXT = 'video_id,title\nr1,"First, one"\nr2,Zweites Vidéo 🎬\n'
EXPECTED = [{"video_id": "r1", "title": "First, one"}, {"video_id": "r2", "title": "Zweites Vidéo 🎬"}]


def values(path: Path) -> list[dict[str, object]]:
    return [row.values for row in read_rows(path) if isinstance(row, Row)]


def rejects(path: Path) -> list[BadRow]:
    return [row for row in read_rows(path) if isinstance(row, BadRow)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_and_without_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "reels.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert values(path) == EXPECTED


def test_one_line_in_windows_1252_does_not_spoil_the_others(tmp_path: Path) -> None:
    path = tmp_path / "reels.csv"
    path.write_bytes(b"video_id,title\nr1,caf\xe9 \x96 old\nr2,caf\xc3\xa9\n")
    assert [row["title"] for row in values(path)] == ["café – old", "café"]


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TEXT)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "c.tsv").write_text("video_id\ttitle\nr1\tFirst, one\nr2\tZweites Vidéo 🎬\n")
    (tmp_path / "d.jsonl").write_text(
        "".join(
            f"{json}\n"
            for json in (
                '{"Video_ID": "r1", "title": "First, one"}',
                "",
                '{"video_id": "r2", "title": "Zweites Vidéo 🎬"}',
            )
        )
    )
    pq.write_table(pa.Table.from_pylist(EXPECTED), tmp_path / "e.parquet")
    for path in sorted(tmp_path.iterdir()):
        assert values(path) == EXPECTED, path.name


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.parquet"])
def test_an_empty_file_is_named_as_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(InputError, match="empty"):
        list(read_rows(tmp_path / name))


def test_missing_and_unknown_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_rows(tmp_path / "none.csv")
    (tmp_path / "a.xlsx").write_text("x")
    with pytest.raises(InputError, match="unknown format"):
        read_rows(tmp_path / "a.xlsx")


@pytest.mark.parametrize("header", [b"video_id\rtitle\r\n", b"video_id," + b"x" * 200_000])
def test_a_first_line_that_is_no_header_is_refused(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "reels.csv"
    path.write_bytes(header)
    with pytest.raises(InputError, match="not a header"):
        list(read_rows(path))


def test_a_header_named_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title,title\nx,y\n")
    with pytest.raises(InputError, match="named twice: title"):
        read_rows(tmp_path / "a.csv")


def test_a_truncated_gzip_gives_what_stood_before_the_break(tmp_path: Path) -> None:
    text = "video_id,title\n" + "".join(f"r{i},title {i * 7919 % 10007}\n" for i in range(20_000))
    whole = gzip.compress(text.encode())
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    rows = list(read_rows(path))
    assert sum(isinstance(row, Row) for row in rows) > 5_000
    assert isinstance(rows[-1], BadRow)
    assert rows[-1].field == "file"
    assert "breaks off" in rows[-1].reason


def test_a_gzip_that_is_none_is_refused_clearly(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_text("video_id\nr1\n")
    with pytest.raises(InputError, match="breaks off"):
        read_rows(tmp_path / "a.csv.gz")


def test_a_cell_of_a_parquet_that_is_no_text_spoils_its_row_alone(tmp_path: Path) -> None:
    odd = pa.array([b"good", b"\xffbad", b"fine"]).view(pa.string())
    pq.write_table(pa.table({"id": ["r1", "r2", "r3"], "title": odd}), tmp_path / "a.parquet")
    rows = list(read_rows(tmp_path / "a.parquet"))
    assert [row.values["title"] for row in rows if isinstance(row, Row)] == ["good", "fine"]
    [bad] = [row for row in rows if isinstance(row, BadRow)]
    assert (bad.line, bad.field) == (2, "title")
    assert "utf-8" in bad.reason


def test_a_truncated_parquet_is_refused_clearly(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(EXPECTED * 1000), path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(InputError, match="cut short"):
        read_rows(path)


def test_json_lines_that_are_none_are_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"video_id": "r1"}\n{"video_id": \n[1]\n{"video_id": "r2"}\n' + "[" * 5000 + "\n")
    assert [(row.line, row.field) for row in rejects(path)] == [(2, "row"), (3, "row"), (5, "row")]
    assert len(values(path)) == 2


def test_nul_bytes_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"video_id,title\nr1,a\x00b\n")
    assert values(tmp_path / "a.csv") == [{"video_id": "r1", "title": "ab"}]


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('video_id,title\nr1,"two\nlines"\nr2\nr3,x\n')
    rows = list(read_rows(tmp_path / "a.csv"))
    assert [row.line for row in rows] == [2, 4, 5]
    assert isinstance(rows[1], BadRow)
