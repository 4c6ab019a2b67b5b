"""MicroLens (Ni et al. 2023, arXiv 2309.15379): who commented on which short video, in order.

`*pairs*.tsv` holds a viewer and that viewer's videos, oldest first; `*titles.csv` an item and its title. A comment is
taken as a `like`: the data set knows no weaker or stronger signal. There are no times, only each viewer's order:
events are put an hour apart, each viewer's newest at `NEWEST`.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from reels.core.errors import BadRow, InputError
from reels.core.types import Event, EventKind, Reel
from reels.ingest.files import values
from reels.ingest.files.columns import REEL_COLUMNS, ColumnMap
from reels.ingest.files.mapping import mapped, parse

NAME = "microlens"
NEWEST = datetime(2023, 1, 1, tzinfo=UTC).timestamp()
APART_SEC = 3600.0


def reels(directory: Path) -> Iterator[Reel | BadRow]:
    """Every item with a title, then the items that only the pairs know (with an empty title)."""
    titled: set[str] = set()
    for reel in mapped(_only(directory, "*titles.csv"), ColumnMap(REEL_COLUMNS), "video_id", _reel):
        if isinstance(reel, Reel):
            titled.add(reel.reel_id)
        yield reel
    for _, _, items in _pairs(directory):
        for item in items:
            if item not in titled:
                titled.add(item)
                yield Reel(reel_id=item)


def events(directory: Path) -> Iterator[Event | BadRow]:
    """A `like` for every pair, in the viewer's order."""
    file = _only(directory, "*pairs*.tsv").name
    for line, user, items in _pairs(directory):
        if not user or not items:
            yield BadRow(file, line, "row", "a viewer and at least one video are expected")
            continue
        for place, item in enumerate(items):
            yield Event(
                event_id=f"{place}-{item}",
                user_id=user,
                reel_id=item,
                kind=EventKind.LIKE,
                occurred_at=NEWEST - (len(items) - 1 - place) * APART_SEC,
            )


def _reel(fields: dict[str, object]) -> Reel:
    return Reel(reel_id=parse(fields, "video_id", values.identifier), title=parse(fields, "title", values.text))


def _pairs(directory: Path) -> Iterator[tuple[int, str, list[str]]]:
    with _only(directory, "*pairs*.tsv").open(encoding="utf-8", newline="") as stream:
        for line, cells in enumerate(csv.reader(stream, delimiter="\t"), start=1):
            if cells:
                yield line, cells[0].strip(), cells[1].split() if len(cells) > 1 else []


def _only(directory: Path, pattern: str) -> Path:
    found = sorted(directory.glob(pattern))
    if len(found) != 1:
        raise InputError(f"{directory}: not MicroLens: {len(found)} files like {pattern}, one is expected")
    return found[0]
