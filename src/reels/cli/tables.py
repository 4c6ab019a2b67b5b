"""CSV files in and out, plain or .gz; a file is there whole or not at all."""

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from reels.core.errors import BadRow


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """A text file that takes its name only when all of it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as raw, _packed(raw, path) as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _packed(raw: io.BufferedWriter, path: Path) -> Iterator[TextIO]:
    if path.suffix == ".gz":
        with gzip.open(raw, "wt", encoding="utf-8", newline="", compresslevel=5) as file:
            yield file
    else:
        with io.TextIOWrapper(raw, encoding="utf-8", newline="", write_through=False) as file:
            yield file


def rows_of(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The named columns of a CSV file with a header, row by row; BadRow says where something is missing.

    A file of one column may come without a header: one value a line.
    """
    with _opened(path) as file:
        reader = csv.reader(file)
        header = [name.strip() for name in next(reader, [])]
        if len(columns) == 1 and columns[0] not in header and len(header) == 1:
            yield (header[0],)
            header = list(columns)
        missing = [name for name in columns if name not in header]
        if missing:
            raise BadRow(str(path), 1, missing[0], f"no such column among {', '.join(header) or 'none'}")
        places = [header.index(name) for name in columns]
        for row in reader:
            if not row:
                continue
            if len(row) <= max(places):
                raise BadRow(str(path), reader.line_num, columns[0], f"{len(row)} values, expected {len(header)}")
            yield tuple(row[place].strip() for place in places)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
