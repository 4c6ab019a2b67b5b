"""Compiled loops of the features: plain loops, so that the same moment gives the same bits everywhere."""

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Rows
from reels.learning.snapshot import Table
from reels.recommender.neighbours import slot_of


def neighbour_sums(table: Table, history: Rows, strengths: Floats, origin: Rows) -> Floats:
    """float32[n, s]: what the history adds to each candidate, for s columns of strengths float32[h, s]."""
    return _neighbour_sums(table.indptr, table.indices, table.codes, table.scales, history, strengths, origin)


def two_steps(table: Table, history: Rows, strengths: Floats, origin: Rows) -> Floats:
    """float32[n]: strength * weight(h -> j) * weight(j -> c), over all j."""
    return _two_steps(table.indptr, table.indices, table.codes, table.scales, history, strengths, origin)


@numba.njit(cache=True, nogil=True)
def _wanted(origin: Rows) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Hash table of the candidates' origins, and the candidate at each slot."""
    size = 16
    while size < 4 * len(origin):
        size *= 2
    table = np.full(size, -1, np.int32)
    places = np.full(size, -1, np.int32)
    for i in range(len(origin)):
        if origin[i] >= 0:
            slot = slot_of(table, origin[i])
            table[slot] = origin[i]
            places[slot] = i
    return table, places


@numba.njit(cache=True, nogil=True)
def _neighbour_sums(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    codes: NDArray[np.uint8],
    scales: Floats,
    history: Rows,
    strengths: Floats,
    origin: Rows,
) -> Floats:
    table, places = _wanted(origin)
    columns = strengths.shape[1]
    out = np.zeros((len(origin), columns), np.float32)
    for h in range(len(history)):
        if history[h] < 0:
            continue
        for at in range(indptr[history[h]], indptr[history[h] + 1]):
            slot = slot_of(table, indices[at])
            if table[slot] == -1:
                continue
            place, weight = places[slot], scales[history[h]] * np.float32(codes[at])
            for s in range(columns):
                out[place, s] += strengths[h, s] * weight
    return out


@numba.njit(cache=True, nogil=True)
def _two_steps(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    codes: NDArray[np.uint8],
    scales: Floats,
    history: Rows,
    strengths: Floats,
    origin: Rows,
) -> Floats:
    table, places = _wanted(origin)
    out = np.zeros(len(origin), np.float32)
    for h in range(len(history)):
        if history[h] < 0:
            continue
        for first in range(indptr[history[h]], indptr[history[h] + 1]):
            between = indices[first]
            strength = strengths[h] * scales[history[h]] * np.float32(codes[first]) * scales[between]
            for at in range(indptr[between], indptr[between + 1]):
                slot = slot_of(table, indices[at])
                if table[slot] != -1:
                    out[places[slot]] += strength * np.float32(codes[at])
    return out


@numba.njit(cache=True, nogil=True)
def word_sums(
    terms: Rows, codes: NDArray[np.int8], scales: Floats, history: Rows, strengths: Floats, origin: Rows
) -> Floats:
    """float32[n, s]: inner product of each candidate's words with the history's, summed with s strengths each."""
    columns, size = strengths.shape[1], 64
    while size < 2 * len(history) * terms.shape[1]:
        size *= 2
    table = np.full(size, -1, np.int32)
    said = np.zeros((size, columns), np.float32)
    for h in range(len(history)):
        if history[h] < 0:
            continue
        for t in range(terms.shape[1]):
            weight = scales[history[h]] * np.float32(codes[history[h], t])
            if weight <= 0.0:
                break
            slot = slot_of(table, terms[history[h], t])
            table[slot] = terms[history[h], t]
            for s in range(columns):
                said[slot, s] += strengths[h, s] * weight
    out = np.zeros((len(origin), columns), np.float32)
    for i in range(len(origin)):
        if origin[i] < 0:
            continue
        for t in range(terms.shape[1]):
            weight = scales[origin[i]] * np.float32(codes[origin[i], t])
            if weight <= 0.0:
                break
            slot = slot_of(table, terms[origin[i], t])
            if table[slot] >= 0:
                for s in range(columns):
                    out[i, s] += said[slot, s] * weight
    return out


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def products(candidates: Floats, vectors: Floats) -> Floats:
    """float32[n, q]: inner product of every candidate with every vector."""
    out = np.zeros((len(candidates), len(vectors)), np.float32)
    for i in range(len(candidates)):
        for q in range(len(vectors)):
            total = np.float32(0.0)
            for k in range(vectors.shape[1]):
                total += candidates[i, k] * vectors[q, k]
            out[i, q] = total
    return out


@numba.njit(cache=True, nogil=True)
def relative_to_others(values: Floats, columns: NDArray[np.int64], out: Floats) -> None:
    """Of each named column its share of the largest, and its place in order (best 0, last near 1; ties share)."""
    n = len(values)
    for c in range(len(columns)):
        column = values[:, columns[c]].copy()
        largest = np.float32(0.0)
        for i in range(n):
            if np.isnan(column[i]):
                column[i] = np.float32(-1e30)
            elif column[i] > largest:
                largest = column[i]
        order = np.argsort(-column, kind="mergesort")
        first = 0
        for place in range(n):
            if column[order[place]] != column[order[first]]:
                first = place
            i = order[place]
            if column[i] > np.float32(-1e29):
                out[i, 2 * c + 1] = np.float32(first) / np.float32(n)
                out[i, 2 * c] = column[i] / largest if largest > 0 else np.float32(0.0)
