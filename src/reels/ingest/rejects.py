"""The rejects file: what an import could not read, one row each, next to what it was read from."""

import csv
from pathlib import Path
from types import TracebackType
from typing import IO

from reels.core.errors import BadRow

HEADER = ("file", "line", "field", "reason")


class RejectsFile:
    """Rows of `file,line,field,reason`. The file appears with the first reject; a resumed import appends to it."""

    def __init__(self, path: Path, *, resumed: bool = False) -> None:
        self.path = path
        self._resumed = resumed
        self._stream: IO[str] | None = None

    def add(self, row: BadRow) -> None:
        """Write one reject."""
        if self._stream is None:
            fresh = not (self._resumed and self.path.exists())
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("w" if fresh else "a", encoding="utf-8", newline="")
            if fresh:
                csv.writer(self._stream).writerow(HEADER)
        csv.writer(self._stream).writerow((row.file, row.line, row.field, row.reason))

    def flush(self) -> None:
        """Bring what was added to disk."""
        if self._stream is not None:
            self._stream.flush()

    def __enter__(self) -> "RejectsFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
