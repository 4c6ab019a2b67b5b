"""The models in use: one snapshot and what has happened since (new reels, blocks, trending), as one row space.

Rows 0..snapshot.rows-1 are the snapshot's; the tail holds reels added or changed since. A changed reel gets a new row
in the tail and its old row is made inactive. A `Models` object never changes: a poll makes the next one, and a request
keeps the one it began with.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.types import Floats, Mask, Rows, Times
from reels.learning.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Models:
    """Columns over all n = snapshot + tail rows, in row order. Heavy tables stay in the snapshot.

    The full-length columns below are the ones to index by row. Tables of the snapshot (`cf`, `next`, `factors`)
    have no rows for the tail: use the methods, which know.
    """

    snapshot: Snapshot
    keys: Keys
    """int64[n]; NOT sorted in the tail. Use `rows_of`."""
    creators: Keys
    published: Times
    durations: Floats
    regions: NDArray[np.int16]
    languages: NDArray[np.int16]
    topics: NDArray[np.int16]
    duplicates: NDArray[np.int32]
    active: Mask
    popularity: Floats
    impressions: NDArray[np.int64]
    creator_impressions: NDArray[np.int64]
    trending: Floats
    """float32[n] in 0..1: how far above its usual rate a reel is now; 0 = not."""
    tail_content: Floats
    """float32[t, d] unit rows in the snapshot's space; zero rows until embedded."""
    tail_json: tuple[bytes, ...]
    """As `reels.bin`, for the tail."""
    tail_rows: dict[int, int]
    """Key -> row of reels in the tail."""

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.keys)

    @property
    def version(self) -> str:
        """The snapshot's version."""
        return self.snapshot.manifest.version

    def rows_of(self, keys: Keys) -> Rows:
        """Row of each key; int32[len(keys)], -1 = unknown. The newest row of a changed reel."""
        known = self.snapshot.keys
        if len(known):
            at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            rows = np.where(known[at] == keys, at, -1).astype(np.int32)
        else:
            rows = np.full(len(keys), -1, np.int32)
        if self.tail_rows:
            for i, key in enumerate(keys.tolist()):
                row = self.tail_rows.get(key)
                if row is not None:
                    rows[i] = row
        return rows

    def content(self, rows: Rows) -> Floats:
        """Content vectors of rows: float32[len(rows), d], unit or zero."""
        base = len(self.snapshot.keys)
        if len(self.tail_content) == 0:
            return self.snapshot.content.take(rows, axis=0)
        out = (
            self.snapshot.content.take(np.minimum(rows, max(base - 1, 0)), axis=0)
            if base
            else (np.zeros((len(rows), self.tail_content.shape[1]), np.float32))
        )
        late = rows >= base
        if late.any():
            out[late] = self.tail_content[rows[late] - base]
        return out

    def reel_json(self, row: int) -> bytes:
        """Public fields of a reel, ready-made JSON without braces."""
        base = len(self.snapshot.keys)
        if row >= base:
            return self.tail_json[row - base]
        offsets = self.snapshot.reels_offsets
        return self.snapshot.reels[offsets[row] : offsets[row + 1]].tobytes()
