"""A file as rows of named values, whatever its format: CSV, TSV, JSONL (each also .gz) and Parquet.

Nothing is read whole. What can't be read is yielded as `BadRow` with file, line and reason, between the rows that can.
Text is UTF-8 (with or without a byte order mark) or UTF-16 with one; a single line that is not UTF-8 is read as
Windows-1252, as spreadsheets write it.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from reels.core.errors import BadRow, InputError
from reels.ingest.files.records import Damage, delimiter_of, records


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line (or, in Parquet, the row number) it starts at, and its values by column name."""

    line: int
    values: dict[str, Any]


Rows = Iterator[Row | BadRow]
BROKEN_OFF = "the file breaks off here; what stood before it was read"


def read_rows(path: Path) -> Rows:
    """Rows of a file, by its ending.

    Raises InputError where the file as a whole can't be used: missing, empty, an unknown ending, no header.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes)")
    name = path.name.lower().removesuffix(".gz")
    for ending, reader in READERS.items():
        if name.endswith(ending):
            return reader(path)
    raise InputError(f"{path}: unknown format; known endings are {', '.join(READERS)} and the same with .gz")


def lines_of(path: Path, report: Callable[[str], None]) -> Iterator[str]:
    """Decoded lines with their ends. A file that breaks off (truncated gzip) is reported once and ends there."""
    with _open(path) as stream:
        try:
            start = stream.read(4)
        except (EOFError, OSError, zlib.error) as error:
            report(f"{BROKEN_OFF} ({error})")
            return
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            wide = io.TextIOWrapper(io.BufferedReader(_Chained(start, stream)), "utf-16", errors="replace", newline="")
            yield from _guarded(wide, report)
            return
        if start.startswith(codecs.BOM_UTF8):
            start = start[3:]
        for line in _guarded(io.BufferedReader(_Chained(start, stream)), report):
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError:
                yield line.decode("cp1252", errors="replace")


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.name.lower().endswith(".gz") else path.open("rb")


def _guarded(stream: Any, report: Callable[[str], None]) -> Iterator[Any]:
    while True:
        try:
            line = stream.readline()
        except (EOFError, OSError, zlib.error) as error:
            report(f"{BROKEN_OFF} ({error})")
            return
        if not line:
            return
        yield line


class _Chained(io.RawIOBase):
    """The bytes already looked at, then the rest of the stream."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head[: len(buffer)] if self._head else self._stream.read(len(buffer))
        self._head = self._head[len(data) :] if self._head else b""
        buffer[: len(data)] = data
        return len(data)


def _csv(path: Path) -> Rows:
    broken: list[str] = []
    lines = lines_of(path, broken.append)
    header_line = next(lines, None)
    if header_line is None:
        raise InputError(f"{path}: {broken[0] if broken else 'no header line'}")
    delimiter = delimiter_of(header_line)
    header = next(iter(records([header_line], delimiter)), None)
    if header is None or isinstance(header, Damage) or not any(cell.strip() for cell in header.cells):
        raise InputError(f"{path}:1: the first line is not a header")
    names = [cell.strip().strip("\ufeff").lower() for cell in header.cells]
    if twice := {name for name in names if name and names.count(name) > 1}:
        raise InputError(f"{path}:1: columns named twice: {', '.join(sorted(twice))}")
    return _csv_rows(path, lines, delimiter, names, broken)


def _csv_rows(path: Path, lines: Iterator[str], delimiter: str, names: list[str], broken: list[str]) -> Rows:
    last = 1
    for record in records(lines, delimiter, len(names)):
        last = record.line + 1
        if isinstance(record, Damage):
            yield BadRow(path.name, last, "row", record.reason)
        else:
            yield Row(last, dict(zip(names, record.cells, strict=True)))
    for reason in broken:
        yield BadRow(path.name, last + 1, "file", reason)


def _jsonl(path: Path) -> Rows:
    broken: list[str] = []
    number = 0
    for number, line in enumerate(lines_of(path, broken.append), start=1):
        text = line.strip("\ufeff\r\n\t \x00")
        if not text:
            continue
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
            yield BadRow(path.name, number, "row", f"not JSON: {error}")
            continue
        if isinstance(value, dict):
            yield Row(number, {str(name).strip().lower(): inner for name, inner in value.items()})
        else:
            yield BadRow(path.name, number, "row", f"a JSON object is expected, not {type(value).__name__}")
    for reason in broken:
        yield BadRow(path.name, number + 1, "file", reason)


def _parquet(path: Path) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        names = [name.strip().lower() for name in file.schema_arrow.names]
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a Parquet file, or cut short: {error}") from None
    return _parquet_rows(path, file, names, pa.ArrowException)


def _parquet_rows(path: Path, file: Any, names: list[str], broken: type[Exception]) -> Rows:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=5_000):
            columns = [_cells(column) for column in batch.columns]
            if len(columns) != len(names):
                raise OSError(f"{len(columns)} columns where the header has {len(names)}")
            for values in zip(*columns, strict=True):
                number += 1
                yield _parquet_row(path, number, dict(zip(names, values, strict=True)))
    except (broken, OSError) as error:
        yield BadRow(path.name, number + 1, "file", f"{BROKEN_OFF} ({error})")


def _parquet_row(path: Path, number: int, values: dict[str, Any]) -> Row | BadRow:
    for name, value in values.items():
        if isinstance(value, _Unreadable):
            return BadRow(path.name, number, name, f"the value can't be read: {value.reason}")
    return Row(number, values)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A cell whose bytes are no value of its column's type: text that is not UTF-8, a date beyond the calendar."""

    reason: str


def _cells(column: Any) -> list[Any]:
    """The values of a column; one by one only where they can't be had together."""
    try:
        together: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        return [_cell(one) for one in column]
    return together


def _cell(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError) as error:
        return _Unreadable(str(error))


READERS: dict[str, Callable[[Path], Rows]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}
