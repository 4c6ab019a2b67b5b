"""Rows of numbers at a quarter of their size: 8-bit codes, and one scale a row.

    row = scale * code,   code = round(127 * row / max |row|),   scale = |row| / |code|

so the length of every row is kept as it was, which a cosine needs, and each number is off by up to 1/254 of the row's
largest. Read a few hundred rows at a time (`take`), or all of them against one vector (`product`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Mask, Rows

_AT_ONCE = 65_536
_MOST = np.float32(127)


@dataclass(frozen=True, slots=True)
class Codes:
    """n rows of d numbers."""

    codes: NDArray[np.int8]
    """int8[n, d]"""
    scales: Floats
    """float32[n]; 0 = the row is zero."""

    @classmethod
    def of(cls, rows: Floats) -> "Codes":
        """The codes of float32[n, d]; a row with a number that is not finite is zero at a scale of NaN."""
        codes = np.zeros(rows.shape, np.int8)
        scales = np.zeros(len(rows), np.float32)
        for start in range(0, len(rows), _AT_ONCE):
            block = np.asarray(rows[start : start + _AT_ONCE], np.float32)
            broken = np.asarray(~np.isfinite(block).all(axis=1))
            block = np.where(broken[:, None], np.float32(0), block)
            largest = np.abs(block).max(axis=1, initial=0.0, keepdims=True)
            unit = np.divide(block, largest, out=np.zeros_like(block), where=largest > 0)
            rounded = np.rint(unit * _MOST)
            norms, ours = np.linalg.norm(block, axis=1), np.linalg.norm(rounded, axis=1)
            codes[start : start + _AT_ONCE] = rounded
            found = np.divide(norms, ours, out=np.zeros_like(norms), where=ours > 0)
            scales[start : start + _AT_ONCE] = np.where(broken, np.nan, found)
        return cls(codes, scales)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)"""
        n, d = self.codes.shape
        return n, d

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Floats:
        """Rows as float32, by a number, a slice or an array, as numpy has it."""
        picked: Floats = self.codes[rows].astype(np.float32)
        picked *= np.asarray(self.scales[rows], np.float32)[..., None]
        return picked

    def take(self, rows: Rows | NDArray[np.int64], axis: int = 0) -> Floats:
        """float32[len(rows), d]: these rows, each of them there. `axis` is 0, as numpy's."""
        taken: Floats = _taken(self.codes, self.scales, rows)
        return taken

    def product(self, vector: Floats) -> Floats:
        """float32[n]: inner product of every row with one vector; the same bits on one kind of processor."""
        return _product(self.codes, self.scales, np.ascontiguousarray(vector, np.float32))

    def known(self) -> Mask:
        """bool[n]: rows that are not zero."""
        mask: Mask = np.asarray(self.scales) != 0
        return mask

    def floats(self) -> Floats:
        """float32[n, d]: everything, four times as large."""
        return self[:]

    def blocks(self) -> Iterator[tuple[int, Floats]]:
        """All rows in blocks, with the number of the first: for what has to look at every one."""
        for start in range(0, len(self), _AT_ONCE):
            yield start, self[start : start + _AT_ONCE]


@numba.njit(cache=True, nogil=True)
def _taken(codes: NDArray[np.int8], scales: Floats, rows: NDArray[Any]) -> Floats:  # pragma: no cover
    out = np.empty((len(rows), codes.shape[1]), np.float32)
    for i in range(len(rows)):
        row = rows[i]
        for k in range(codes.shape[1]):
            out[i, k] = scales[row] * np.float32(codes[row, k])
    return out


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _product(codes: NDArray[np.int8], scales: Floats, vector: Floats) -> Floats:  # pragma: no cover
    out = np.empty(len(codes), np.float32)
    for i in range(len(codes)):
        total = np.float32(0.0)
        for k in range(len(vector)):
            total += np.float32(codes[i, k]) * vector[k]
        out[i] = total * scales[i]
    return out
