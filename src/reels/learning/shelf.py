"""The shelf: all snapshots of this machine and which of them is in use.

<root>/CURRENT            name of the version in use, replaced atomically
<root>/<version>/         one snapshot each; names sort by age
<root>/<version>/WITHDRAWN   somebody rolled back from this one: never go back to it
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from reels.core.errors import BadSnapshot, NoSnapshot
from reels.learning.snapshot import MANIFEST, Manifest, Snapshot, open_snapshot, read_manifest, write

CURRENT = "CURRENT"
WITHDRAWN = "WITHDRAWN"


def version_of(now: float) -> str:
    """Name of a snapshot begun at `now` (epoch s); sorts by time."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S_%f")


class Shelf:
    """Snapshots under one directory. Any number of readers, one writer at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def current(self) -> str | None:
        """The version in use; None before the first."""
        try:
            return (self.root / CURRENT).read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def stamp(self) -> tuple[int, int]:
        """Changes whenever `current` may have changed; one stat, for polling."""
        try:
            stat = (self.root / CURRENT).stat()
        except FileNotFoundError:
            return (0, 0)
        return (stat.st_ino, stat.st_mtime_ns)

    def open_current(self, *, verify: bool = False) -> Snapshot:
        """The snapshot in use. Raises NoSnapshot before the first, BadSnapshot when its files are damaged."""
        while (version := self.current()) is not None:
            try:
                return open_snapshot(self.root / version, verify=verify)
            except BadSnapshot:
                if self.current() == version:  # otherwise it was replaced and pruned while being opened: look again
                    raise
        raise NoSnapshot(f"nothing trained yet in {self.root}: run `reels jobs run`")

    def open_usable(self) -> tuple[Snapshot, list[str]]:
        """The snapshot in use, verified; where it is damaged the newest older one that is not.

        With what is wrong with those that were passed over, one sentence each. Raises NoSnapshot before the first,
        BadSnapshot when none on the shelf is whole.
        """
        damaged: list[str] = []
        try:
            return self.open_current(verify=True), damaged
        except BadSnapshot as error:
            damaged.append(str(error))
        current = self.current() or ""
        for version in reversed([one for one in self.versions() if one < current and not self.is_withdrawn(one)]):
            try:
                return open_snapshot(self.root / version, verify=True), damaged
            except BadSnapshot as error:
                damaged.append(str(error))
        raise BadSnapshot("; ".join(damaged))

    def versions(self) -> list[str]:
        """Complete snapshots, oldest first."""
        return sorted(path.parent.name for path in self.root.glob(f"[!.]*/{MANIFEST}"))

    def manifests(self) -> list[Manifest]:
        """Manifests of the readable snapshots, oldest first; damaged ones are left out."""
        found = []
        for version in self.versions():
            try:
                found.append(read_manifest(self.root / version))
            except BadSnapshot:
                continue
        return found

    def publish(self, snapshot: Snapshot) -> Path:
        """Writes the snapshot and makes it the current one. Its directory."""
        path = write(self.root, snapshot)
        self.switch(snapshot.manifest.version)
        return path

    def switch(self, version: str) -> None:
        """Makes a version on the shelf the current one, atomically; BadSnapshot when it can't be opened.

        It is read to the last byte, where nobody has since it was written: those who serve from it need not.
        """
        open_snapshot(self.root / version, verify=True)
        draft = self.root / f".{CURRENT}.{os.getpid()}"
        with draft.open("w", encoding="utf-8") as file:
            file.write(version + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.root / CURRENT)
        handle = os.open(self.root, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)

    def is_withdrawn(self, version: str) -> bool:
        """Somebody rolled back from it."""
        return (self.root / version / WITHDRAWN).exists()

    def rollback(self) -> str:
        """Goes back to the newest older version that nobody rolled back from; its name.

        The version left behind is marked, so that a later rollback does not return to it. NoSnapshot when none is
        in use or there is nothing older.
        """
        current = self.current()
        if current is None:
            raise NoSnapshot(f"no snapshot is in use in {self.root}: there is nothing to go back from")
        older = [v for v in self.versions() if v < current and not self.is_withdrawn(v)]
        if not older:
            raise NoSnapshot(f"no snapshot older than {current} in {self.root} to go back to")
        self.switch(older[-1])
        (self.root / current / WITHDRAWN).touch()
        return older[-1]

    def prune(self, keep: int) -> list[str]:
        """Removes all but the newest `keep` versions and the current one; the removed names.

        Readers that have a removed one open keep their mapping.
        """
        keep_names = set(self.versions()[-keep:]) | {self.current()}
        gone = [version for version in self.versions() if version not in keep_names]
        for version in gone:
            (self.root / version / MANIFEST).unlink(missing_ok=True)  # first: half removed is not a snapshot
            shutil.rmtree(self.root / version, ignore_errors=True)
        return gone
