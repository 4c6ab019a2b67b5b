"""The words of each reel as a short sparse row, and which reels share most of them.

Words, pairs of neighbouring words, whole tags and the creator, weighed by TF-IDF (Salton and Buckley 1988):

    weight = (1 + log tf) (1 + log((1 + n) / (1 + df)))

of which the `TERMS` heaviest are kept at unit length. A term is a bucket of its XXH3 hash, so rows of different
trainings can be compared. Sentence vectors find what is about the same; words find what is called the same: on
MicroLens the two find different next reels (R@10 .036 and .044 alone).
"""

from array import array
from itertools import pairwise

import numba
import numpy as np
import xxhash
from numpy.typing import NDArray

from reels.core.keys import key_of
from reels.core.types import Floats, Rows
from reels.learning.catalogue import Catalogue
from reels.learning.cf_matrix import Doubles, Ints, keep_best, table_of
from reels.learning.snapshot import Neighbours
from reels.learning.workbench import Arrays

TERMS = 24
BUCKETS = 1 << 18
MIN_REELS = 2
MAX_SHARE = 0.2
"""A term of fewer reels or of a larger share of all says nothing about which reels are alike."""
MOST_POSTINGS, LARGE = 2000, 100_000
"""For neighbours a term counts with at most so many reels, which bounds the work; rarer terms tell more anyway. With
more than `LARGE` reels it is with fewer in proportion, so that the work grows with the reels and not with their
square."""
REMEMBERED = 1_000_000
"""Terms whose bucket is remembered."""


def word_arrays(catalogue: Catalogue, k: int, *, threads: int = 1) -> Arrays:
    """The group `words`: terms of each reel, and its `k` nearest by their inner product."""
    terms, weights = word_rows(catalogue)
    near = alike(terms, weights, k, threads=threads)
    return {
        "keys": catalogue.keys,
        "terms": terms,
        "term_weights": weights,
        "alike_indptr": near.indptr,
        "alike_indices": near.indices,
        "alike_weights": near.weights,
    }


def word_rows(catalogue: Catalogue) -> tuple[Rows, Floats]:
    """int32[n, TERMS] buckets and float32[n, TERMS] weights, heaviest first; weight 0 where there are fewer.

    A document is kept as the buckets of its terms and how often each is in it: a million take 400 MB.
    """
    n = len(catalogue.keys)
    buckets, counts, sizes = _documents(catalogue)
    reels = np.bincount(buckets, minlength=BUCKETS)
    telling = (reels >= MIN_REELS) & (reels <= max(MIN_REELS, MAX_SHARE * n))
    rarity = np.where(telling, 1 + np.log((1 + n) / (1 + reels)), 0.0)
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)))
    terms, weights = np.zeros((n, TERMS), np.int32), np.zeros((n, TERMS), np.float32)
    _heaviest(starts, buckets, counts, rarity, terms, weights)
    norms = np.sqrt((weights**2).sum(axis=1, keepdims=True))
    weights /= np.maximum(norms, np.float32(1e-9))
    return terms, weights


def _documents(catalogue: Catalogue) -> tuple[Rows, Rows, Rows]:
    """Buckets of all documents end to end, how often each is in its document, and the size of each: all int32."""
    nobody = key_of("")
    buckets, counts, sizes = array("i"), array("i"), array("i")
    known: dict[str, int] = {}
    for text, tags, creator in zip(catalogue.texts, catalogue.tags, catalogue.creators.tolist(), strict=True):
        document: dict[int, int] = {}
        for term in _terms(text, tags, f"{creator:x}" if creator != nobody else ""):
            if (bucket := known.get(term)) is None:
                bucket = known[term] = bucket_of(term)
            document[bucket] = document.get(bucket, 0) + 1
        buckets.extend(document)
        counts.extend(document.values())
        sizes.append(len(document))
        if len(known) > REMEMBERED:
            known.clear()
    return np.array(buckets, np.int32), np.array(counts, np.int32), np.array(sizes, np.int32)


@numba.njit(cache=True, nogil=True)
def _heaviest(
    starts: Ints, buckets: Rows, counts: Rows, rarity: Doubles, terms: Rows, weights: Floats
) -> None:  # pragma: no cover
    """The heaviest terms of each document into its row, ties by bucket."""
    for row in range(len(starts) - 1):
        first, size = starts[row], starts[row + 1] - starts[row]
        mine = buckets[first : first + size]
        order = np.argsort(mine)
        heavy = np.empty(size, np.float64)
        for i in range(size):
            at = first + order[i]
            heavy[i] = -(1.0 + np.log(counts[at])) * rarity[buckets[at]]
        best = np.argsort(heavy, kind="mergesort")
        for place in range(min(size, terms.shape[1])):
            if heavy[best[place]] == 0.0:
                break
            terms[row, place] = mine[order[best[place]]]
            weights[row, place] = -heavy[best[place]]


def bucket_of(term: str) -> int:
    """0..BUCKETS-1"""
    return xxhash.xxh3_64_intdigest(term.encode("utf-8", "surrogatepass")) % BUCKETS


def alike(terms: Rows, weights: Floats, k: int, *, threads: int = 1) -> Neighbours:
    """The k reels with the largest inner product of their rows; weights in 0..1 of the table's largest."""
    n = len(terms)
    there = np.flatnonzero(weights.ravel() > 0)
    flat = terms.ravel()[there]
    order = there[np.argsort(flat, kind="stable")]
    counts = np.bincount(flat, minlength=BUCKETS)
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
    owners, theirs = (order // TERMS).astype(np.int32), weights.ravel()[order]
    most = max(100, MOST_POSTINGS * LARGE // max(n, LARGE))

    def fill(first: int, last: int, indices: Rows, found: Floats, sizes: NDArray[np.int32]) -> None:
        _alike_rows(first, last, terms, weights, starts, owners, theirs, most, indices, found, sizes)

    return table_of(n, k, fill, threads)


def _terms(text: str, tags: str, creator: str) -> list[str]:
    """Words, pairs and whole tags of a cleaned text (its tags stand at its end), and the creator."""
    whole = tags.split("\n") if tags else []
    title = text.removesuffix(tags.replace("\n", " ")).split()
    lines = [title, *(tag.split() for tag in whole)]
    single = [word for line in lines for word in line]
    pairs = [f"{one} {two}" for line in lines for one, two in pairwise(line)]
    return single + pairs + [f"#{tag}" for tag in whole] + ([f"@{creator}"] if creator else [])


@numba.njit(cache=True, nogil=True)
def _alike_rows(
    first: int,
    last: int,
    terms: Rows,
    weights: Floats,
    starts: Ints,
    owners: Rows,
    theirs: Floats,
    most: int,
    indices: Rows,
    found: Floats,
    sizes: NDArray[np.int32],
) -> None:  # pragma: no cover
    sums: Doubles = np.zeros(len(terms))
    touched = np.empty(len(terms), np.int32)
    for row in range(first, last):
        met = 0
        for place in range(terms.shape[1]):
            weight = weights[row, place]
            if weight <= 0.0:
                break
            begin = starts[terms[row, place]]
            for at in range(begin, min(starts[terms[row, place] + 1], begin + most)):
                other = owners[at]
                if other == row:
                    continue
                if sums[other] == 0.0:
                    touched[met] = other
                    met += 1
                sums[other] += np.float64(weight) * theirs[at]
        keep_best(row, sums, touched, met, indices, found, sizes)
