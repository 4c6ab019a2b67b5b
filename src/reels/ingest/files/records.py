"""CSV text into records, one damaged record at a time.

Python's `csv` reads a well-formed file well; a quote that is never closed makes it swallow the rest of the file. Here a
record that does not come out right costs its first line only: reading goes on with the very next line.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_RECORD_LINES = 2_000
MAX_RECORD_CHARS = 1_000_000
DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record and the line it starts at (1 = the first line of the file)."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Damage:
    """A line that no record can be made of, and why."""

    line: int
    reason: str


def delimiter_of(header: str) -> str:
    """The delimiter that cuts the header into most cells; a comma where there is just one cell."""
    counts = {one: _cells(header, one) for one in DELIMITERS}
    best = max(DELIMITERS, key=lambda one: counts[one])
    return best if counts[best] > 1 else ","


def _cells(header: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([header], delimiter=delimiter), []))
    except csv.Error:  # a bare carriage return, a cell of more than 128 KB: `records` says what is wrong
        return 0


def records(lines: Iterable[str], delimiter: str, width: int | None = None) -> Iterator[Record | Damage]:
    """Records of CSV lines (with their line ends). `width` cells are expected where given.

    A record with too few or too many cells is damage; if it ran over several lines (an unclosed or stray quote), only
    its first line is given up.
    """
    waiting: deque[tuple[int, str]] = deque()
    source = enumerate(lines, start=1)

    def following() -> tuple[int, str] | None:
        return waiting.popleft() if waiting else next(source, None)

    while (first := following()) is not None:
        number, text = first
        if not text.strip("\r\n\x00 "):
            continue
        taken = [first]
        open_quote = text.count('"') % 2 == 1
        size = len(text)
        while open_quote and len(taken) < MAX_RECORD_LINES and size < MAX_RECORD_CHARS:
            more = following()
            if more is None:
                break
            taken.append(more)
            size += len(more[1])
            open_quote ^= more[1].count('"') % 2 == 1
        parsed = _parse([line for _, line in taken], delimiter, open_quote)
        if isinstance(parsed, str):
            reason = parsed
        elif width is not None and len(parsed) != width:
            reason = f"{len(parsed)} cells where the header has {width}"
        else:
            yield Record(number, parsed)
            continue
        waiting.extendleft(reversed(taken[1:]))
        yield Damage(number, reason)


def _parse(lines: list[str], delimiter: str, open_quote: bool) -> list[str] | str:
    if open_quote:
        return "a quote is opened and never closed"
    try:
        rows = list(csv.reader(["".join(lines).rstrip("\r\n").replace("\x00", "")], delimiter=delimiter))
    except csv.Error as error:
        return str(error)
    if len(rows) != 1:  # a bare carriage return within a cell that is not quoted
        return "line breaks inside a cell that is not quoted"
    return rows[0]
