"""The models in use: one snapshot and what has happened since (new reels, blocks, trending), as one row space.

Rows 0..snapshot.rows-1 are the snapshot's; the tail holds reels added or changed since. A changed reel gets a new row
in the tail and its old row is made inactive; what was learnt of the old row still speaks for the new one (`origin`,
`current`). A `Models` object never changes: a poll makes the next one, and a request keeps the one it began with.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.signals import Signal
from reels.core.types import Floats, Mask, Rows, Times
from reels.learning.codes import Codes
from reels.learning.popularity import seen_from
from reels.learning.snapshot import Manifest, Neighbours, Snapshot, Table
from reels.recommender.key_places import places_of
from reels.recommender.orders import Orders, orders_of
from reels.recommender.retrieval import Retrieval, retrieval_of
from reels.recommender.tail import Tail


@dataclass(frozen=True, slots=True)
class Models:
    """Columns over all n = snapshot + tail rows, in row order. Heavy tables stay in the snapshot.

    The full-length columns below are the ones to index by row. Tables of the snapshot (`cf`, `next`, `factors`)
    have no rows for the tail: go through `origin` to read them and through `current` with what they name.
    """

    snapshot: Snapshot
    orders: Orders
    retrieval: Retrieval
    """Nearest content among the active rows of the snapshot."""
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
    hot: Rows
    """int32: rows that are trending, ascending."""
    origin: Rows
    """int32[n]: row of the snapshot whose learnt tables speak for this row; -1 = none."""
    current: Rows
    """int32[snapshot.rows]: newest row of the reel of each snapshot row."""
    tail_content: Floats
    """float32[t, d] unit rows in the snapshot's space; zero rows until embedded."""
    tail_json: tuple[bytes, ...]
    """As `reels.bin`, for the tail."""
    tail_keys: Keys
    """int64[t] ascending."""
    tail_rows: Rows
    """int32[t], row of each of `tail_keys`."""

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.keys)

    @property
    def base(self) -> int:
        """How many of them are the snapshot's."""
        return len(self.snapshot.keys)

    @property
    def version(self) -> str:
        """The snapshot's version; "" before the first."""
        return self.snapshot.manifest.version

    def rows_of(self, keys: Keys) -> Rows:
        """Row of each key; int32[len(keys)], -1 = unknown. The newest row of a changed reel."""
        known, late = self.snapshot.keys, (self.tail_keys, self.tail_rows)
        return places_of(known, self.orders.directory, *late, np.ascontiguousarray(keys))

    def content(self, rows: Rows) -> Floats:
        """Content vectors of rows: float32[len(rows), d], unit or zero."""
        if not len(self.tail_keys):
            return self.snapshot.content.take(rows)
        late = rows >= self.base
        if not late.any():
            return self.snapshot.content.take(rows)
        out = np.empty((len(rows), self.tail_content.shape[1]), np.float32)
        out[~late] = self.snapshot.content.take(rows[~late])
        out[late] = self.tail_content[rows[late] - self.base]
        return out

    def popularity_in_region(self, place: int, rows: Rows) -> Floats:
        """Popularity of rows in one region; overall where the snapshot does not know the row."""
        return self._popularity_in(self.snapshot.regions, self.snapshot.region_best, place, rows)

    def popularity_in_language(self, place: int, rows: Rows) -> Floats:
        """Likewise in one language."""
        return self._popularity_in(self.snapshot.languages, self.snapshot.language_best, place, rows)

    def _popularity_in(self, places: NDArray[np.int16], best: Floats, place: int, rows: Rows) -> Floats:
        overall, origin = self.popularity[rows], self.origin[rows]
        if not self.base:
            return overall
        known = np.maximum(origin, 0)
        there = seen_from(self.snapshot.popularity[known], places[known], best, place)
        return np.where(origin >= 0, there, overall).astype(np.float32, copy=False)

    def reel_json(self, row: int) -> bytes:
        """Public fields of a reel, ready-made JSON without braces."""
        base = self.base
        if row >= base:
            return self.tail_json[row - base]
        offsets = self.snapshot.reels_offsets
        return self.snapshot.reels[offsets[row] : offsets[row + 1]].tobytes()

    def reel_id(self, row: int) -> str:
        """The id in the public fields."""
        return _id_in(self.reel_json(row))

    def reel(self, row: int) -> dict[str, Any]:
        """Public fields of a reel, parsed: for the few that are named in a reason."""
        fields: dict[str, Any] = orjson.loads(b"{" + self.reel_json(row) + b"}")
        return fields


@lru_cache(maxsize=16_384)
def _id_in(json: bytes) -> str:
    """Of a reel's fields without braces. Kept: what is shown once is shown to many, and reading JSON takes 3 us."""
    return str(orjson.loads(b"{" + json + b"}")["reel_id"])


def build(
    snapshot: Snapshot,
    tail: Tail | None = None,
    trending: Signal | None = None,
    trials: Signal | None = None,
    *,
    orders: Orders | None = None,
    retrieval: Retrieval | None = None,
) -> Models:
    """The models of a snapshot and what has happened since; `orders` and `retrieval`: made before, of the same."""
    tail = tail or Tail()
    orders = orders or orders_of(snapshot)
    base, late = len(snapshot.keys), len(tail.keys)
    current, active = _moved(snapshot, tail)
    sort = np.argsort(tail.keys, kind="stable").astype(np.int32)
    views = np.array([one.views for one in tail.reels], np.int64)
    models = Models(
        snapshot=snapshot,
        orders=orders,
        retrieval=retrieval or retrieval_of(snapshot),
        keys=snapshot.continued("keys", tail.keys),
        creators=snapshot.continued("creators", np.array([one.creator for one in tail.reels], np.int64)),
        published=snapshot.continued("published", np.array([one.published for one in tail.reels], np.float64)),
        durations=snapshot.continued("durations", np.array([one.duration for one in tail.reels], np.float32)),
        regions=snapshot.continued("regions", tail.regions),
        languages=snapshot.continued("languages", tail.languages),
        topics=snapshot.continued("topics", tail.topics),
        duplicates=_longer(snapshot, "duplicates", tail, np.arange(base, base + late, dtype=np.int32)),
        active=active,
        popularity=_longer(snapshot, "popularity", tail, _first_guess(snapshot, orders, tail)),
        impressions=_longer(snapshot, "impressions", tail, views),
        creator_impressions=snapshot.continued("creator_impressions", _creator_impressions(snapshot, orders, tail)),
        trending=np.zeros(base + late, np.float32),
        hot=np.empty(0, np.int32),
        origin=snapshot.continued("rows", tail.origin),
        current=current,
        tail_content=tail.content,
        tail_json=tuple(one.json for one in tail.reels),
        tail_keys=tail.keys[sort],
        tail_rows=sort + np.int32(base),
    )
    return with_signals(models, trending or Signal(), trials or Signal())


def with_signals(models: Models, trending: Signal, trials: Signal) -> Models:
    """The same models with live signals in place; of unknown reels nothing is taken."""
    hot = np.zeros(models.n, np.float32)
    rows = models.rows_of(trending.keys)
    hot[rows[rows >= 0]] = np.clip(trending.values[rows >= 0], 0.0, 1.0)
    among = np.unique(rows[rows >= 0])
    impressions, creators = models.impressions, models.creator_impressions
    rows = models.rows_of(trials.keys)
    if (rows >= 0).any():
        shown = trials.values[rows >= 0].astype(np.int64)
        rows = rows[rows >= 0]
        more = np.maximum(shown - impressions[rows], 0)
        impressions = models.snapshot.continued("impressions", impressions[models.base :])
        impressions[rows] = np.maximum(shown, models.impressions[rows])
        creators = _more_of_creators(models, rows, more)
    return replace(
        models,
        trending=hot,
        hot=among[hot[among] > 0].astype(np.int32),
        impressions=impressions,
        creator_impressions=creators,
    )


def _moved(snapshot: Snapshot, tail: Tail) -> tuple[Rows, Mask]:
    """`current` of the snapshot's rows, and `active` of all rows: the old row of a changed reel is not."""
    base = len(snapshot.keys)
    current = snapshot.continued("rows", tail.origin[:0])
    active = snapshot.continued("active", np.array([one.active for one in tail.reels], np.bool_))
    moved = np.flatnonzero(tail.origin >= 0)
    current[tail.origin[moved]] = (base + moved).astype(np.int32)
    active[tail.origin[moved]] = False
    return current, active


def _longer(snapshot: Snapshot, name: str, tail: Tail, new: NDArray[Any]) -> NDArray[Any]:
    """A snapshot's column continued for the tail: a changed reel keeps its value, a new one gets `new`."""
    column: NDArray[Any] = getattr(snapshot, name)
    if len(column):
        known = tail.origin >= 0
        new = np.where(known, column[np.maximum(tail.origin, 0)], new)
    return snapshot.continued(name, new)


def _first_guess(snapshot: Snapshot, orders: Orders, tail: Tail) -> Floats:
    """Popularity of new reels: the usual one; before the first snapshot, by views (100 million = 1) on a log scale."""
    if len(snapshot.keys):
        return np.full(len(tail.keys), orders.usual_popularity, np.float32)
    views = np.array([one.views for one in tail.reels], np.float64)
    guess: Floats = np.minimum(np.log1p(np.maximum(views, 0)) / np.log1p(1e8), 1.0).astype(np.float32)
    return guess


def _creator_impressions(snapshot: Snapshot, orders: Orders, tail: Tail) -> NDArray[np.int64]:
    """Of the tail: what the snapshot knows of the same creator, else 0."""
    creators = np.array([one.creator for one in tail.reels], np.int64)
    late = np.zeros(len(creators), np.int64)
    rows, counts = orders.reels_of(creators)
    first = np.cumsum(counts) - counts
    late[counts > 0] = snapshot.creator_impressions[rows[first[counts > 0]]]
    return late


def _more_of_creators(models: Models, rows: Rows, more: NDArray[np.int64]) -> NDArray[np.int64]:
    """Creator impressions with what trials have added to some of their reels since the snapshot."""
    creators, inverse = np.unique(models.creators[rows], return_inverse=True)
    added = np.bincount(inverse, weights=more).astype(np.int64)
    late = models.creators[models.base :]
    at = np.minimum(np.searchsorted(creators, late), len(creators) - 1)
    of_tail = models.creator_impressions[models.base :] + np.where(creators[at] == late, added[at], 0)
    out = models.snapshot.continued("creator_impressions", of_tail)
    known, counts = models.orders.reels_of(creators)
    out[known] = models.creator_impressions[known] + np.repeat(added, counts)
    return out


def empty_snapshot(content_dim: int = 1) -> Snapshot:
    """A snapshot of nothing, for the time before the first; its version is ""."""
    f32, i32 = np.float32, np.int32
    none = Table.of(Neighbours(np.zeros(1, np.int64), np.empty(0, i32), np.empty(0, f32)))
    return Snapshot(
        manifest=Manifest("", 0.0, "", 0, content_dim, 1, (), (), (), 0, 0),
        keys=np.empty(0, np.int64),
        rows=np.empty(0, np.int32),
        creators=np.empty(0, np.int64),
        published=np.empty(0),
        durations=np.empty(0, f32),
        regions=np.empty(0, np.int16),
        languages=np.empty(0, np.int16),
        topics=np.empty(0, np.int16),
        duplicates=np.empty(0, i32),
        active=np.empty(0, np.bool_),
        impressions=np.empty(0, np.int64),
        creator_impressions=np.empty(0, np.int64),
        usual_rate=np.empty(0, f32),
        content=Codes.of(np.empty((0, content_dim), f32)),
        projection=np.empty((0, content_dim), f32),
        centre=np.empty(0, f32),
        cf=none,
        next=none,
        factors=Codes.of(np.empty((0, 1), f32)),
        gramian=np.zeros((1, 1), f32),
        popularity=np.empty(0, f32),
        region_best=np.empty(0, f32),
        language_best=np.empty(0, f32),
        reels=np.empty(0, np.uint8),
        reels_offsets=np.zeros(1, np.int64),
    )


def no_models() -> Models:
    """Models before the first snapshot: no rows at all."""
    return build(empty_snapshot())
