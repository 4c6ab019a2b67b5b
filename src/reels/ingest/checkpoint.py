"""Where an import stands, so that one that was stopped goes on instead of beginning again."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What became of what was read. `taken` = rows consumed, the rejected among them."""

    taken: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def plus(self, other: "ImportCounts") -> "ImportCounts":
        """Sums, field by field."""
        mine, theirs = asdict(self), asdict(other)
        return replace(self, **{name: mine[name] + theirs[name] for name in mine})


class Checkpoint:
    """The counts of an unfinished import, in a small file named for what is imported.

    A source that has changed since (another size or modification time) is another import and begins anew.
    """

    def __init__(self, directory: Path, what: str, sources: Sequence[Path]) -> None:
        files = sorted(file for source in sources for file in (source.glob("*") if source.is_dir() else [source]))
        told = [what, *(f"{file.resolve()} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files)]
        self._path = directory / f"{hashlib.blake2b(chr(10).join(told).encode(), digest_size=10).hexdigest()}.json"

    def load(self) -> ImportCounts:
        """The counts where the import was stopped; zeros where there is nothing to go on from."""
        try:
            return ImportCounts(**json.loads(self._path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return ImportCounts()

    def save(self, counts: ImportCounts) -> None:
        """Remember, atomically."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".tmp")
        fresh.write_text(json.dumps(asdict(counts)), encoding="utf-8")
        fresh.replace(self._path)

    def done(self) -> None:
        """The import is complete: nothing to go on from."""
        self._path.unlink(missing_ok=True)
