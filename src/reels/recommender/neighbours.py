"""Sums over the item-item tables: what the neighbours of a viewer's history add up to.

A history entry h with strength s adds s * weight(h -> c) to each of its neighbours c. Two questions are asked of the
same sums: which reels have any (`merged`, for candidates), and what given reels have (`summed`, for scores). Both
remember the entry that added most: that is the "because" of the reason.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Rows
from reels.learning.snapshot import Table


def merged(table: Table, history: Rows, strengths: Floats) -> tuple[Rows, Floats, Rows]:
    """Every neighbour of the history: (rows int32[m], sums float32[m], place in the history that added most).

    Order of first meeting. `history` holds rows of the snapshot; entries of -1 are skipped.
    """
    return _merged(table.indptr, table.indices, table.codes, table.scales, history, strengths)


def summed(table: Table, history: Rows, strengths: Floats, wanted: Rows) -> tuple[Floats, Rows]:
    """What each wanted snapshot row gets: (sums float32[n], place in the history that added most or -1)."""
    return _summed(table.indptr, table.indices, table.codes, table.scales, history, strengths, wanted)


@numba.njit(cache=True, nogil=True, inline="always")
def slot_of(table: NDArray[np.int32], row: int) -> int:
    """Where a row is, or where it would go, in an open-addressing table of power-of-two size (-1 = free)."""
    mask = len(table) - 1
    place = (row * 2654435761) & mask
    while table[place] != -1 and table[place] != row:
        place = (place + 1) & mask
    return place


@numba.njit(cache=True, nogil=True)
def _size(entries: int) -> int:
    size = 16
    while size < 2 * entries:
        size *= 2
    return size


@numba.njit(cache=True, nogil=True)
def _merged(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    codes: NDArray[np.uint8],
    scales: Floats,
    history: Rows,
    strengths: Floats,
) -> tuple[Rows, Floats, Rows]:
    entries = 0
    for row in history:
        if row >= 0:
            entries += indptr[row + 1] - indptr[row]
    table = np.full(_size(entries), -1, np.int32)
    places = np.empty(len(table), np.int32)
    rows = np.empty(entries, np.int32)
    sums = np.zeros(entries, np.float32)
    most = np.zeros(entries, np.float32)
    because = np.full(entries, -1, np.int32)
    found = 0
    for h in range(len(history)):
        if history[h] < 0:
            continue
        strength = strengths[h] * scales[history[h]]
        for at in range(indptr[history[h]], indptr[history[h] + 1]):
            slot = slot_of(table, indices[at])
            if table[slot] == -1:
                table[slot] = indices[at]
                places[slot] = found
                rows[found] = indices[at]
                found += 1
            place = places[slot]
            added = strength * np.float32(codes[at])
            sums[place] += added
            if added > most[place]:
                most[place] = added
                because[place] = h
    return rows[:found], sums[:found], because[:found]


@numba.njit(cache=True, nogil=True)
def _summed(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    codes: NDArray[np.uint8],
    scales: Floats,
    history: Rows,
    strengths: Floats,
    wanted: Rows,
) -> tuple[Floats, Rows]:
    table = np.full(_size(len(wanted)), -1, np.int32)
    places = np.empty(len(table), np.int32)
    for i in range(len(wanted)):
        if wanted[i] >= 0:
            slot = slot_of(table, wanted[i])
            table[slot] = wanted[i]
            places[slot] = i
    sums = np.zeros(len(wanted), np.float32)
    most = np.zeros(len(wanted), np.float32)
    because = np.full(len(wanted), -1, np.int32)
    for h in range(len(history)):
        if history[h] < 0:
            continue
        strength = strengths[h] * scales[history[h]]
        for at in range(indptr[history[h]], indptr[history[h] + 1]):
            slot = slot_of(table, indices[at])
            if table[slot] == -1:
                continue
            place = places[slot]
            added = strength * np.float32(codes[at])
            sums[place] += added
            if added > most[place]:
                most[place] = added
                because[place] = h
    for i in range(len(wanted)):  # a reel's old and new row have the same origin
        if wanted[i] >= 0:
            place = places[slot_of(table, wanted[i])]
            sums[i], because[i] = sums[place], because[place]
    return sums, because
