"""Near-duplicate reels by their text: MinHash signatures, banded LSH, exact check (Broder 1997).

Shingles are 5-character windows, so it works in any script. Two texts are near-duplicates when the Jaccard similarity
of their shingle sets is at least `threshold` and they hold the same numbers ("part 1" and "part 2" are two films).
Texts too short to tell are nobody's duplicate. Time and memory grow linearly with the number of texts.
"""

import re
from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

SHINGLE = 5
BANDS, ROWS = 16, 4
"""LSH: a pair of similarity s is compared with probability 1 - (1 - s^4)^16: 0.9998 at s = 0.8, 0.3 at s = 0.38."""
MIN_LETTERS = 8
MAX_BUCKET = 64
"""In a bucket of many texts each is compared with so many before it; equal texts were merged already."""

_NUMBER = re.compile(r"\d+")


def near_duplicates(texts: Sequence[str], *, threshold: float = 0.8) -> NDArray[np.int32]:
    """int32[n]: the smallest index of each text's near-duplicate group; its own index when it is alone.

    `texts` are cleaned (`preprocessing.clean(...).text`). Groups are connected components. Empty texts stand alone.
    """
    groups = np.arange(len(texts), dtype=np.int32)
    first: dict[str, int] = {}
    chosen: list[int] = []
    for i, text in enumerate(texts):
        if sum(map(str.isalnum, text[: 4 * MIN_LETTERS])) < MIN_LETTERS:
            continue
        groups[i] = first.setdefault(text, i)
        if groups[i] == i:
            chosen.append(i)
    if len(chosen) > 1:
        codes, starts, numbers = _encode([texts[i] for i in chosen])
        local = _group(codes, starts, numbers, threshold)
        groups[chosen] = np.asarray(chosen, np.int32)[local]
        groups = groups[groups]  # equal texts follow their first one
    return groups


def _encode(texts: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]:
    """Code points of all texts end to end, where each begins (n + 1), and a hash of the numbers in each."""
    lengths = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    seen: dict[tuple[str, ...], int] = {}
    numbers = (seen.setdefault(tuple(_NUMBER.findall(text)), len(seen)) for text in texts)
    return codes, starts, np.fromiter(numbers, np.int64, len(texts))


def _group(
    codes: NDArray[np.uint32], starts: NDArray[np.int64], numbers: NDArray[np.int64], threshold: float
) -> NDArray[np.int32]:
    shingles, offsets = _shingles(codes, starts)
    parent = np.arange(len(numbers), dtype=np.int32)
    seeds = np.random.default_rng(20_240_229).integers(1, 2**63, BANDS * ROWS).astype(np.uint64) | np.uint64(1)
    for band in range(BANDS):
        bucket = _signatures(shingles, offsets, seeds[band * ROWS : (band + 1) * ROWS])
        order = np.argsort(bucket, kind="stable")
        _link(bucket, order, shingles, offsets, numbers, threshold, parent)
    roots: NDArray[np.int32] = _roots(parent)
    return roots


@numba.njit(cache=True)
def _shingles(codes, starts):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Sorted distinct shingle hashes of each text, end to end, and where each text's begin."""
    n = len(starts) - 1
    out = np.empty(max(len(codes), 1), np.uint64)
    offsets = np.zeros(n + 1, np.int64)
    filled = 0
    for i in range(n):
        a, b = starts[i], starts[i + 1]
        count = max(b - a - SHINGLE + 1, 1)
        hashes = np.empty(count, np.uint64)
        for s in range(count):
            value = np.uint64(14695981039346656037)
            for c in range(a + s, min(a + s + SHINGLE, b)):
                value = (value ^ np.uint64(codes[c])) * np.uint64(1099511628211)
            hashes[s] = value ^ (value >> np.uint64(29))
        hashes.sort()
        for s in range(count):
            if s == 0 or hashes[s] != hashes[s - 1]:
                out[filled] = hashes[s]
                filled += 1
        offsets[i + 1] = filled
    return out[:filled], offsets


@numba.njit(cache=True)
def _signatures(shingles, offsets, seeds):  # type: ignore[no-untyped-def]  # pragma: no cover
    """One band of MinHash per text, folded into one number."""
    n = len(offsets) - 1
    out = np.empty(n, np.uint64)
    for i in range(n):
        folded = np.uint64(0)
        for seed in seeds:
            least = np.uint64(0xFFFFFFFFFFFFFFFF)
            for s in range(offsets[i], offsets[i + 1]):
                value = shingles[s] * seed
                value ^= value >> np.uint64(32)
                value *= np.uint64(0x9E3779B97F4A7C15)
                least = min(least, value)
            folded = (folded ^ least) * np.uint64(0x100000001B3)
            folded ^= folded >> np.uint64(31)
        out[i] = folded
    return out


@numba.njit(cache=True)
def _jaccard(shingles, a0, a1, b0, b1):  # type: ignore[no-untyped-def]  # pragma: no cover
    both, i, j = 0, a0, b0
    while i < a1 and j < b1:
        if shingles[i] == shingles[j]:
            both, i, j = both + 1, i + 1, j + 1
        elif shingles[i] < shingles[j]:
            i += 1
        else:
            j += 1
    return both / ((a1 - a0) + (b1 - b0) - both)


@numba.njit(cache=True)
def _root(parent, i):  # type: ignore[no-untyped-def]  # pragma: no cover
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@numba.njit(cache=True)
def _link(bucket, order, shingles, offsets, numbers, threshold, parent):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Joins the near-duplicates among texts that share a bucket; the smaller index becomes the root."""
    begin = 0
    for at in range(1, len(order)):
        if bucket[order[at]] != bucket[order[begin]]:
            begin = at
        one = order[at]
        for back in range(at - 1, max(begin, at - MAX_BUCKET) - 1, -1):
            other = order[back]
            a, b = _root(parent, one), _root(parent, other)
            if a == b or numbers[one] != numbers[other]:
                continue
            if _jaccard(shingles, offsets[one], offsets[one + 1], offsets[other], offsets[other + 1]) >= threshold:
                parent[max(a, b)] = min(a, b)


@numba.njit(cache=True)
def _roots(parent):  # type: ignore[no-untyped-def]  # pragma: no cover
    out = np.empty_like(parent)
    for i in range(len(parent)):
        out[i] = _root(parent, i)
    return out
