"""A log of exposures as columns, and the catalogue it is about: what every split, model and metric works on.

Reels are rows of the catalogue, which is in ascending key order, as a snapshot's: a row here is a row there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from reels.core.keys import Keys, key_of, keys_of
from reels.core.types import Floats, Mask, Reel, Rows, Times
from reels.learning.interactions import Interactions

_COLUMNS = ("reels", "at", "values", "watched", "kinds", "positive", "surface")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The n reels of a data set, in ascending key order."""

    reels: tuple[Reel, ...]
    keys: Keys
    """int64[n] ascending."""
    creators: Rows
    """int32[n]: 0.. = which creator, -1 = not known."""
    marks: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    """What else a data set says of its reels, as int32[n] codes, -1 = not known: e.g. `music`."""

    @property
    def n(self) -> int:
        """How many reels there are."""
        return len(self.reels)

    def rows_of(self, ids: Sequence[str]) -> Rows:
        """Row of each reel id; int32, -1 = not in the catalogue."""
        return self.rows_of_keys(keys_of(ids))

    def rows_of_keys(self, keys: Keys) -> Rows:
        """Row of each key; int32, -1 = not in the catalogue."""
        at = np.minimum(np.searchsorted(self.keys, keys), max(self.n - 1, 0))
        return np.where(self.keys[at] == keys, at, -1).astype(np.int32) if self.n else np.full(len(keys), -1, np.int32)

    def in_natural_order(self) -> Rows:
        """Rows sorted by id, numbers by their size: an order that does not depend on how keys are made."""
        ids = [reel.reel_id for reel in self.reels]
        natural = sorted(range(self.n), key=lambda row: (len(ids[row]) if ids[row].isdigit() else 0, ids[row]))
        return np.array(natural, np.int32)


@dataclass(frozen=True, slots=True)
class Log:
    """p exposures of u viewers; viewer i has the rows indptr[i]:indptr[i+1], oldest first."""

    viewers: NDArray[np.int32]
    """int32[u], ascending: who. The same number is the same viewer in every part of one log."""
    indptr: NDArray[np.int64]
    reels: Rows
    """int32[p] rows of the catalogue."""
    at: Times
    values: Floats
    """float32[p] in -1..1, `core.feedback`."""
    watched: Floats
    """float32[p] share of the duration, NaN = not known."""
    kinds: NDArray[np.uint16]
    """Bit set over `learning.interactions.KINDS`."""
    positive: Mask
    """bool[p]: the data set's own word for a good recommendation."""
    surface: NDArray[np.int16]
    """int16[p]: on which surface of the app it was shown (KuaiRand's `tab`), -1 = not known."""
    n: int
    """How many reels the catalogue has."""

    def __len__(self) -> int:
        return len(self.reels)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64[u] exposures of each viewer."""
        return np.diff(self.indptr)

    @property
    def owners(self) -> NDArray[np.int64]:
        """int64[p]: position in `viewers` of each exposure."""
        return np.repeat(np.arange(len(self.viewers)), self.lengths)

    def where(self, keep: Mask) -> "Log":
        """The exposures kept; every viewer stays, some perhaps with none."""
        counts = np.bincount(self.owners[keep], minlength=len(self.viewers))
        columns = {name: getattr(self, name)[keep] for name in _COLUMNS}
        return replace(self, indptr=_starts(counts), **columns)

    def at_positions(self, positions: NDArray[np.integer]) -> "Log":
        """The viewers at these positions only, in the order given."""
        counts = self.lengths[positions]
        starts = _starts(counts)
        places = np.arange(starts[-1]) + np.repeat(self.indptr[positions] - starts[:-1], counts)
        columns = {name: getattr(self, name)[places] for name in _COLUMNS}
        return replace(self, viewers=self.viewers[positions], indptr=starts, **columns)

    def liked(self) -> "Log":
        """The positive exposures."""
        return self.where(self.positive)

    def ages(self) -> NDArray[np.int64]:
        """int64[p]: 0 = the viewer's newest exposure, 1 = the one before, ..."""
        ends: NDArray[np.int64] = np.repeat(self.indptr[1:], self.lengths)
        return ends - 1 - np.arange(len(self))

    def matrix(self, fade: float = 1.0) -> sparse.csr_matrix:
        """float32[u, n]: fade^age; a reel met more than once counts once, at its newest. `liked()` first for tastes."""
        weights = np.float32(fade) ** self.ages().astype(np.float32)
        flat = self.owners * self.n + self.reels
        order = np.argsort(flat, kind="stable")
        newest = np.ones(len(flat), np.bool_)
        newest[:-1] = flat[order][1:] != flat[order][:-1]
        at = order[newest]
        shape = (len(self.viewers), self.n)
        return sparse.csr_matrix((weights[at], (self.owners[at], self.reels[at])), shape=shape, dtype=np.float32)

    def counts(self) -> NDArray[np.int64]:
        """int64[n]: exposures of each reel."""
        return np.bincount(self.reels, minlength=self.n)

    def pairs(self, catalogue: Catalogue) -> Interactions:
        """One row a viewer and reel, as the offline fits of `reels.learning` take them.

        The same rules as `learning.interactions`: of several exposures the newest time, the largest watched share, the
        strongest value, and not-interested above all.
        """
        owners, flat = self.owners, self.owners * self.n + self.reels
        order = np.lexsort((self.at, flat))
        starts = np.flatnonzero(np.concatenate(([True], np.diff(flat[order]) > 0))) if len(flat) else np.empty(0, int)
        if not len(starts):
            return _no_pairs(self)
        said = np.where(self.values == 0, np.nan, self.values)[order]
        best, worst = np.fmax.reduceat(said, starts), np.fmin.reduceat(said, starts)
        values = np.nan_to_num(np.where(worst <= -1.0, np.float32(-1.0), best)).astype(np.float32)
        newest = np.maximum.reduceat(self.at[order], starts)
        pair_owner, pair_reel = owners[order][starts], self.reels[order][starts]
        by_time = np.lexsort((newest, pair_owner))
        return Interactions(
            user_keys=np.array([key_of(str(one)) for one in self.viewers], np.int64),
            indptr=_starts(np.bincount(pair_owner, minlength=len(self.viewers))),
            reels=catalogue.keys[pair_reel][by_time],
            values=values[by_time],
            watched=np.fmax.reduceat(self.watched[order], starts)[by_time],
            kinds=np.bitwise_or.reduceat(self.kinds[order], starts)[by_time],
            at=newest[by_time],
            events=len(self),
        )


def catalogue_of(reels: Sequence[Reel]) -> Catalogue:
    """The catalogue of these reels; of an id given twice the last one holds."""
    distinct = {key_of(reel.reel_id): reel for reel in reels}
    keys = np.array(sorted(distinct), np.int64)
    ordered = tuple(distinct[int(key)] for key in keys)
    names = {name: i for i, name in enumerate(sorted({reel.creator_id for reel in ordered} - {""}))}
    creators = np.array([names.get(reel.creator_id, -1) for reel in ordered], np.int32)
    return Catalogue(ordered, keys, creators)


def log_of(
    users: NDArray[np.integer],
    reels: NDArray[np.integer],
    at: NDArray[np.floating],
    positive: Mask,
    n: int,
    *,
    values: NDArray[np.floating] | None = None,
    watched: NDArray[np.floating] | None = None,
    kinds: NDArray[np.uint16] | None = None,
    surface: NDArray[np.integer] | None = None,
) -> Log:
    """A log from exposures in any order; equal times stay in the order given. Viewers are numbered as in `users`.

    Without `values` a positive exposure is worth 0.9, as a like, and any other 0.
    """
    order = np.lexsort((at, users))
    viewers, counts = np.unique(users, return_counts=True)
    p = len(users)
    values = np.where(positive, 0.9, 0.0) if values is None else values
    watched = np.full(p, np.nan) if watched is None else watched
    kinds = np.zeros(p, np.uint16) if kinds is None else kinds
    surface = np.full(p, -1) if surface is None else surface
    return Log(
        viewers=viewers.astype(np.int32),
        indptr=_starts(counts),
        reels=reels[order].astype(np.int32),
        at=at[order].astype(np.float64),
        values=values[order].astype(np.float32),
        watched=watched[order].astype(np.float32),
        kinds=kinds[order].astype(np.uint16),
        positive=positive[order].astype(np.bool_),
        surface=surface[order].astype(np.int16),
        n=n,
    )


def _starts(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))


def _no_pairs(log: Log) -> Interactions:
    users = np.array([key_of(str(one)) for one in log.viewers], np.int64)
    none = np.empty(0, np.float32)
    return Interactions(
        user_keys=users,
        indptr=np.zeros(len(users) + 1, np.int64),
        reels=none.astype(np.int64),
        values=none,
        watched=none,
        kinds=none.astype(np.uint16),
        at=none.astype(np.float64),
    )
