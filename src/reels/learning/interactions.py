"""From a log of events to what each viewer made of each reel, and to the histories the models learn from.

One sort, then column arithmetic: a pair (viewer, reel) is read by the same rules as the live state
(`core.user_state`): the largest watched share, the newest of like/unlike and the like, not-interested above all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.feedback import COMPLETE, EXPLICIT, LOOPED, NOT_INTERESTED, SKIP_SHARE, SKIPPED
from reels.core.keys import Keys, key_of
from reels.core.ports import EventColumns
from reels.core.types import EventKind, Floats, Rows, Times

KINDS = tuple(EventKind)
"""`EventColumns.kind` and bit numbers of `Interactions.kinds` are positions in here."""
SHARE_LIMIT = 100.0
_SWITCHES = (
    (EventKind.LIKE, EventKind.UNLIKE),
    (EventKind.SAVE, EventKind.UNSAVE),
    (EventKind.NOT_INTERESTED, EventKind.UNDO_NOT_INTERESTED),
    (EventKind.FOLLOW, EventKind.UNFOLLOW),
    (EventKind.BLOCK, EventKind.UNBLOCK),
)
_SHOWN = (EventKind.IMPRESSION, EventKind.WATCH, EventKind.SKIP)


def mask_of(*kinds: EventKind) -> np.uint16:
    """The bits of these kinds in `Interactions.kinds`."""
    return np.uint16(sum(1 << KINDS.index(kind) for kind in kinds))


@dataclass(frozen=True, slots=True)
class Interactions:
    """p pairs (viewer, reel) of u viewers; viewer i has the pairs indptr[i]:indptr[i+1], oldest first."""

    user_keys: Keys
    """int64[u] key of each viewer's id, in the order of the log."""
    indptr: NDArray[np.int64]
    reels: Keys
    """int64[p]"""
    values: Floats
    """float32[p] in -1..1, see `core.feedback`; 0 = shown, nothing more."""
    watched: Floats
    """float32[p] largest watched share of the duration, NaN = never watched."""
    kinds: NDArray[np.uint16]
    """Bit set of what happened; a like, save, ... that was taken back is not in it."""
    at: Times
    """float64[p] newest event of the pair."""
    events: int = 0
    """How many events these pairs were made from."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For the workbench."""
        return {one.name: np.asarray(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> "Interactions":
        """What `arrays` gave."""
        return cls(**{**arrays, "events": int(arrays["events"])})  # type: ignore[arg-type]

    def has(self, *kinds: EventKind) -> NDArray[np.bool_]:
        """bool[p]: pairs with any of these kinds."""
        held: NDArray[np.bool_] = (self.kinds & mask_of(*kinds)) != 0
        return held

    @property
    def shown(self) -> NDArray[np.bool_]:
        """bool[p]: the reel was really on this viewer's screen."""
        return self.has(*_SHOWN)

    @property
    def users(self) -> NDArray[np.int32]:
        """int32[p] viewer of each pair."""
        return np.repeat(np.arange(len(self.user_keys), dtype=np.int32), np.diff(self.indptr))


class Collector:
    """Takes a log in (user_id, occurred_at) order batch by batch; keeps pairs, not events.

    `resets`: as `interactions_of` takes them.
    """

    def __init__(self, resets: Mapping[str, float] | None = None) -> None:
        self._resets = resets
        self._parts: list[Interactions] = []
        self._open: EventColumns | None = None

    def add(self, batch: EventColumns) -> None:
        """The next batch. Its last viewer may go on in the batch after it."""
        if not batch.user_id:
            return
        whole = batch if self._open is None else _joined(self._open, batch)
        last = whole.user_id[-1]
        cut = next((i for i in range(len(whole.user_id) - 1, -1, -1) if whole.user_id[i] != last), -1) + 1
        if cut:
            self._parts.append(interactions_of(_slice(whole, 0, cut), self._resets))
        self._open = _slice(whole, cut, len(whole.user_id))

    def finish(self) -> Interactions:
        """All pairs of the log."""
        if self._open is not None:
            self._parts.append(interactions_of(self._open, self._resets))
            self._open = None
        return _concatenated(self._parts)


def interactions_of(batch: EventColumns, resets: Mapping[str, float] | None = None) -> Interactions:
    """All pairs of one batch of whole viewers; events of one viewer stand together, in any order among themselves.

    `resets` names the viewers who started afresh, and when (epoch s): what they did before that moment teaches nothing
    but that the reel was on their screen.
    """
    events = len(batch.user_id)
    batch = _since_resets(batch, resets or {})
    user_keys, users = _runs(batch.user_id)
    order = np.lexsort((batch.reel, users))
    users, reels, kind, at = users[order], batch.reel[order], batch.kind[order], batch.occurred_at[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (users[1:] != users[:-1]) | (reels[1:] != reels[:-1])
    starts = np.flatnonzero(new)
    if not len(starts):
        return replace(_concatenated([]), events=events)
    share = _shares(batch.watch_sec[order], batch.duration_sec[order])
    share[kind == KINDS.index(EventKind.IMPRESSION)] = np.nan  # the fold does not look at it either
    kinds = np.bitwise_or.reduceat(np.left_shift(np.uint16(1), kind.astype(np.uint16)), starts)
    for on, off in _SWITCHES:
        kinds = _switched(kinds, kind, at, starts, KINDS.index(on), KINDS.index(off))
    watched = np.fmax.reduceat(share, starts)
    newest = np.maximum.reduceat(at, starts)
    pair_users = users[starts]
    by_time = np.lexsort((newest, pair_users))
    kinds, watched = kinds[by_time], watched[by_time]
    indptr = np.searchsorted(pair_users, np.arange(len(user_keys) + 1)).astype(np.int64)
    return Interactions(
        user_keys,
        indptr,
        reels[starts][by_time],
        _values(kinds, watched),
        watched,
        kinds,
        newest[by_time],
        events,
    )


def _since_resets(batch: EventColumns, resets: Mapping[str, float]) -> EventColumns:
    """From before a viewer's reset only that reels were shown: such events as impressions, the others not at all."""
    if not any(name in resets for name in set(batch.user_id)):
        return batch
    reset_at = np.array([resets.get(name, -np.inf) for name in batch.user_id])
    forgotten = batch.occurred_at < reset_at
    shown = np.isin(batch.kind, [KINDS.index(kind) for kind in _SHOWN])
    kind = np.where(forgotten, np.uint8(KINDS.index(EventKind.IMPRESSION)), batch.kind)
    return _where(replace(batch, kind=kind), ~forgotten | shown)


def _values(kinds: NDArray[np.uint16], watched: Floats) -> Floats:
    """`core.feedback` over columns."""
    rising = SKIPPED + (COMPLETE - SKIPPED) * (watched - SKIP_SHARE) / (1.0 - SKIP_SHARE)
    looping = np.minimum(LOOPED, COMPLETE + (LOOPED - COMPLETE) * (watched - 1.0))
    by_watching = np.where(watched < SKIP_SHARE, SKIPPED, np.where(watched <= 1.0, rising, looping))
    skipped = np.where(kinds & mask_of(EventKind.SKIP), SKIPPED, 0.0)
    values = np.where(np.isnan(watched), skipped, by_watching)
    said = np.zeros(len(kinds))
    for kind, value in EXPLICIT.items():
        said = np.maximum(said, np.where(kinds & mask_of(kind), value, 0.0))
    values = np.where(said > 0, said, values)
    unwanted = kinds & mask_of(EventKind.NOT_INTERESTED, EventKind.BLOCK)
    return np.where(unwanted, NOT_INTERESTED, values).astype(np.float32)


def _shares(watch: Floats, duration: Floats) -> Floats:
    known = (duration > 0) & ~np.isnan(watch)
    share = np.divide(watch, duration, out=np.full(len(watch), np.nan, np.float32), where=known)
    return np.minimum(share, np.float32(SHARE_LIMIT))


def _switched(
    kinds: NDArray[np.uint16],
    kind: NDArray[np.uint8],
    at: Times,
    starts: NDArray[np.int64],
    on: int,
    off: int,
) -> NDArray[np.uint16]:
    """Clears the `on` bit where the newest word was `off`; off wins a tie."""
    if not (kind == off).any():
        return kinds
    on_at = np.maximum.reduceat(np.where(kind == on, at, -np.inf), starts)
    off_at = np.maximum.reduceat(np.where(kind == off, at, -np.inf), starts)
    return np.where(on_at > off_at, kinds, kinds & ~np.uint16(1 << on)).astype(np.uint16)


def _runs(user_ids: list[str]) -> tuple[Keys, NDArray[np.int64]]:
    names, counts = [], []
    for name, run in groupby(user_ids):
        names.append(key_of(name))
        counts.append(sum(1 for _ in run))
    return np.array(names, np.int64), np.repeat(np.arange(len(names)), counts)


def _columns(batch: EventColumns) -> Iterator[str]:
    return (one.name for one in fields(batch) if one.name != "user_id")


def _slice(batch: EventColumns, start: int, stop: int) -> EventColumns:
    parts = {name: getattr(batch, name)[start:stop] for name in _columns(batch)}
    return EventColumns(user_id=batch.user_id[start:stop], **parts)


def _where(batch: EventColumns, keep: NDArray[np.bool_]) -> EventColumns:
    parts = {name: getattr(batch, name)[keep] for name in _columns(batch)}
    return EventColumns(user_id=[one for one, kept in zip(batch.user_id, keep.tolist(), strict=True) if kept], **parts)


def _joined(one: EventColumns, two: EventColumns) -> EventColumns:
    parts = {name: np.concatenate((getattr(one, name), getattr(two, name))) for name in _columns(one)}
    return EventColumns(user_id=one.user_id + two.user_id, **parts)


def _concatenated(parts: list[Interactions]) -> Interactions:
    empty = Interactions(
        np.empty(0, np.int64),
        np.zeros(1, np.int64),
        np.empty(0, np.int64),
        np.empty(0, np.float32),
        np.empty(0, np.float32),
        np.empty(0, np.uint16),
        np.empty(0, np.float64),
    )
    parts = [empty, *parts]
    sizes = np.concatenate([np.diff(one.indptr) for one in parts])
    names = ("user_keys", "reels", "values", "watched", "kinds", "at")
    joined = {name: np.concatenate([getattr(one, name) for one in parts]) for name in names}
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    return Interactions(indptr=indptr, events=sum(one.events for one in parts), **joined)


@dataclass(frozen=True, slots=True)
class Histories:
    """What viewers liked, in rows of a catalogue: viewer i has indptr[i]:indptr[i+1], oldest first.

    The one input of the collaborative fits. weights float32[p] > 0: value x recency.
    """

    indptr: NDArray[np.int64]
    rows: Rows
    weights: Floats
    at: Times
    n: int
    """How many reels the catalogue has."""


HELD_OUT_USERS = 1000


def held_out(pairs: Interactions) -> NDArray[np.bool_]:
    """bool[p]: the newest liked reel of some viewers with three or more, kept from the fits to measure them.

    At most a tenth of the viewers and about `HELD_OUT_USERS`, chosen by their key: the same viewers in every training,
    so that the snapshot before has not learnt these pairs either.
    """
    positive = pairs.values > 0
    users = pairs.users
    counts = np.bincount(users[positive], minlength=len(pairs.user_keys))
    share = min(0.1, HELD_OUT_USERS / max(len(counts), 1))
    chosen = (counts >= 3) & ((pairs.user_keys.astype(np.uint64) >> np.uint64(11)) < share * 2.0**53)
    newest = np.zeros(len(users), np.bool_)
    places = np.flatnonzero(positive)
    last = np.ones(len(places), np.bool_)
    last[:-1] = users[places[1:]] != users[places[:-1]]
    newest[places[last]] = chosen[users[places[last]]]
    return newest


def histories_of(
    pairs: Interactions,
    keys: Keys,
    *,
    now: float,
    half_life_sec: float = np.inf,
    longest: int = 200,
    without: NDArray[np.bool_] | None = None,
) -> Histories:
    """Positive pairs of the reels in `keys` (ascending), at most the `longest` newest of a viewer, not those `without`.

    A weight halves every `half_life_sec`, counted back from `now` or the newest event, whichever is earlier, so that
    an old log teaches as much as a fresh one.
    """
    rows = rows_of(pairs.reels, keys)
    good = (rows >= 0) & (pairs.values > 0)
    if without is not None:
        good &= ~without
    users = pairs.users[good]
    counts = np.bincount(users, minlength=len(pairs.user_keys))
    ends = np.cumsum(counts)
    from_end = ends[users] - np.arange(len(users))
    recent = from_end <= longest
    rows, values, at = rows[good][recent], pairs.values[good][recent], pairs.at[good][recent]
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.minimum(counts, longest))))
    newest = min(now, float(at.max())) if len(at) else now
    age = np.maximum(newest - at, 0.0)
    weights = np.maximum(values * np.exp2(-age / half_life_sec), np.finfo(np.float32).tiny)
    return Histories(indptr, rows, weights.astype(np.float32), at, len(keys))


def rows_of(reels: Keys, keys: Keys) -> Rows:
    """Position of each reel in ascending `keys`: int32, -1 = not there."""
    if not len(keys):
        return np.full(len(reels), -1, np.int32)
    at = np.minimum(np.searchsorted(keys, reels), len(keys) - 1)
    return np.where(keys[at] == reels, at, -1).astype(np.int32)
