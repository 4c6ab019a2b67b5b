"""What is known of a viewer, as a pure fold over that viewer's events.

Every column is a join (largest, newest, or-ed), so the same events in any order, in any batches and any number of
times give the same state, as long as the limits below are not passed. That is what makes Redis disposable: whatever
is in doubt is dropped and folded anew from MongoDB.

    watched share    the largest              kinds          or-ed
    newest event     the largest              toggles        the newest `occurred_at`; off wins a tie
    value            computed from the above (`core.feedback`)

Past a limit the oldest entries are forgotten. A reset ("start afresh") forgets history, likes and not-interested marks
from before it; saved reels, followed and blocked creators stay.
"""

import math
from collections.abc import Sequence

import numpy as np

from reels.core.feedback import EXPLICIT, NOT_INTERESTED, SKIPPED, watch_value
from reels.core.keys import key_of
from reels.core.packed_state import TOGGLES, cut, digest, pack, unpack
from reels.core.types import Event, EventKind, Toggles, User, UserState

__all__ = ["HISTORY_LIMIT", "SWITCHING", "bit", "digest", "fold", "new_state", "pack", "teaches", "unpack"]

HISTORY_LIMIT = 200
"""Reels kept in the history."""
TOGGLE_LIMITS = (500, 1000, 500, 2000, 10_000)
"""How many of each are kept."""
UNDONE_LIMIT = 500
"""How many switched-off ones are remembered."""
SHARE_LIMIT = 100.0
"""Largest watched share told apart."""

LIKED, SAVED, NOT_WANTED, FOLLOWING, BLOCKED = range(len(TOGGLES))
_BITS = {kind: 1 << place for place, kind in enumerate(EventKind)}
_SWITCHES: dict[EventKind, tuple[int, bool]] = {
    EventKind.LIKE: (LIKED, True),
    EventKind.UNLIKE: (LIKED, False),
    EventKind.SAVE: (SAVED, True),
    EventKind.UNSAVE: (SAVED, False),
    EventKind.NOT_INTERESTED: (NOT_WANTED, True),
    EventKind.UNDO_NOT_INTERESTED: (NOT_WANTED, False),
    EventKind.FOLLOW: (FOLLOWING, True),
    EventKind.UNFOLLOW: (FOLLOWING, False),
    EventKind.BLOCK: (BLOCKED, True),
    EventKind.UNBLOCK: (BLOCKED, False),
}
SWITCHING = tuple(_SWITCHES)
"""Kinds that switch something on or off."""
_OF_CREATOR = (FOLLOWING, BLOCKED)
_OUTLIVES_RESET = (SAVED, FOLLOWING, BLOCKED)

_SKIP, _WANTED_NOT, _BLOCK = _BITS[EventKind.SKIP], _BITS[EventKind.NOT_INTERESTED], _BITS[EventKind.BLOCK]

_SAID = sorted(
    ((_BITS[kind], value, _SWITCHES[kind][0] if kind in _SWITCHES else None) for kind, value in EXPLICIT.items()),
    key=lambda one: -one[1],
)
"""Explicit signals, the strongest first: bit, value, and the toggle that must still be on. (Numbers, not EventKind: an
enum's hash is Python code, and this is asked for every reel of a history at each batch.)"""

_Entry = tuple[float, float, int, int]
"""Of a reel in the history: newest event, largest watched share, kinds, creator key or 0."""
_Switches = dict[tuple[int, int], tuple[float, bool]]
"""(what, key) -> (newest switch, on)."""


def bit(kind: EventKind) -> int:
    """The bit of one kind in `history_kinds`."""
    return _BITS[kind]


def teaches(event: Event) -> bool:
    """Whether the fold looks at this event at all: an impression alone says nothing about taste."""
    return event.kind is not EventKind.IMPRESSION


def new_state(user: User) -> UserState:
    """State of a viewer without events."""
    return UserState(user.user_id, region=user.region, language=user.language, reset_at=user.reset_at or 0.0)


def fold(state: UserState, events: Sequence[Event]) -> UserState:
    """The state after these events of the same viewer, in any order; the state itself when they teach nothing."""
    telling = [one for one in events if teaches(one)]
    if not telling:
        return state
    switches = _switches_of(state)
    entries = _entries_of(state)
    for event in telling:
        _switch(switches, event, state.reset_at)
        if event.occurred_at >= state.reset_at:
            _enter(entries, event)
    return _state_of(state, entries, _limited(switches))


NAMES_CREATOR = frozenset({EventKind.FOLLOW, EventKind.UNFOLLOW, EventKind.BLOCK, EventKind.UNBLOCK})
"""Kinds that `fold_columns` can't read: columns don't tell creators."""


def fold_columns(
    state: UserState,
    reels: Sequence[int],
    kinds: Sequence[EventKind],
    occurred_at: Sequence[float],
    watch_sec: Sequence[float],
    duration_sec: Sequence[float],
) -> UserState:
    """As `fold`, for events given as columns (NaN = not given), none of them of `NAMES_CREATOR`."""
    switches, entries = _switches_of(state), _entries_of(state)
    for key, kind, at, watched, duration in zip(reels, kinds, occurred_at, watch_sec, duration_sec, strict=True):
        if kind is EventKind.IMPRESSION:
            continue
        _switch_key(switches, key, kind, at, state.reset_at)
        if at >= state.reset_at:
            _enter_key(entries, key, kind, at, _share_of(watched, duration), 0)
    return _state_of(state, entries, _limited(switches)) if entries or switches else state


def _entries_of(state: UserState) -> dict[int, _Entry]:
    columns = (state.history_at, state.history_watched, state.history_kinds, state.history_creator)
    return dict(zip(state.history.tolist(), zip(*(one.tolist() for one in columns), strict=True), strict=True))


def _switches_of(state: UserState) -> _Switches:
    kept = state.toggles
    pairs = zip(kept.what.tolist(), kept.keys.tolist(), strict=True)
    return dict(zip(pairs, zip(kept.at.tolist(), kept.on.tolist(), strict=True), strict=True))


def _switch(switches: _Switches, event: Event, reset_at: float) -> None:
    if event.kind not in _SWITCHES:
        return
    what, _ = _SWITCHES[event.kind]
    target = event.creator_id if what in _OF_CREATOR else event.reel_id
    if target:
        _switch_key(switches, key_of(target), event.kind, event.occurred_at, reset_at)


def _switch_key(switches: _Switches, key: int, kind: EventKind, at: float, reset_at: float) -> None:
    if kind not in _SWITCHES:
        return
    what, on = _SWITCHES[kind]
    if at < reset_at and what not in _OUTLIVES_RESET:
        return
    switched_at, was_on = switches.get((what, key), (-math.inf, True))
    if (at, not on) > (switched_at, not was_on):
        switches[what, key] = (at, on)


def _enter(entries: dict[int, _Entry], event: Event) -> None:
    creator = key_of(event.creator_id) if event.creator_id else 0
    share = math.nan if event.watch_sec is None else _share_of(event.watch_sec, event.duration_sec or math.nan)
    _enter_key(entries, key_of(event.reel_id), event.kind, event.occurred_at, share, creator)


def _enter_key(
    entries: dict[int, _Entry], key: int, kind: EventKind, occurred_at: float, share: float, creator: int
) -> None:
    at, watched, kinds, known_creator = entries.get(key, (-math.inf, math.nan, 0, 0))
    entries[key] = (
        max(at, occurred_at),
        _larger(watched, share),
        kinds | _BITS[kind],
        _either(known_creator, creator),
    )


def _share_of(watch_sec: float, duration_sec: float) -> float:
    """Watched share, rounded to float32 as it is kept; NaN when the event does not tell."""
    if math.isnan(watch_sec) or not duration_sec > 0:
        return math.nan
    return float(np.float32(min(watch_sec / duration_sec, SHARE_LIMIT)))


def _larger(one: float, other: float) -> float:
    return other if math.isnan(one) or other > one else one


def _either(one: int, other: int) -> int:
    """The creator named; of two (a reel changed hands) the larger key, so that order does not matter."""
    return max(one, other) if one and other else one or other


def _limited(switches: _Switches) -> _Switches:
    """In the order kept: those that are on by what, oldest first, then those that are off. The oldest too many go."""
    by_time = sorted(switches.items(), key=lambda item: (item[1][0], item[0]))
    kept: _Switches = {}
    for what, limit in enumerate(TOGGLE_LIMITS):
        kept.update([item for item in by_time if item[0][0] == what and item[1][1]][-limit:])
    kept.update([item for item in by_time if not item[1][1]][-UNDONE_LIMIT:])
    return kept


def _state_of(before: UserState, entries: dict[int, _Entry], switches: _Switches) -> UserState:
    newest = sorted(entries.items(), key=lambda item: (item[1][0], item[0]))[-HISTORY_LIMIT:]
    on = {place for place, (_, is_on) in switches.items() if is_on}
    toggles = Toggles(
        np.array([what for what, _ in switches], np.uint8),
        np.array([key for _, key in switches], np.int64),
        np.array([at for at, _ in switches.values()], np.float64),
        np.array([is_on for _, is_on in switches.values()], np.bool_),
    )
    return cut(
        (before.user_id, before.region, before.language),
        before.reset_at,
        np.bincount(toggles.what[toggles.on], minlength=len(TOGGLES)).tolist(),
        toggles,
        history=np.array([key for key, _ in newest], np.int64),
        history_at=np.array([entry[0] for _, entry in newest], np.float64),
        history_watched=np.array([entry[1] for _, entry in newest], np.float32),
        history_value=np.array([_value(key, entry, on) for key, entry in newest], np.float32),
        history_kinds=np.array([entry[2] for _, entry in newest], np.uint16),
        history_creator=np.array([entry[3] for _, entry in newest], np.int64),
    )


def _value(key: int, entry: _Entry, on: set[tuple[int, int]]) -> float:
    _, watched, kinds, creator = entry
    unwanted = kinds & _WANTED_NOT and (NOT_WANTED, key) in on
    if unwanted or (kinds & _BLOCK and (BLOCKED, creator) in on):
        return NOT_INTERESTED
    for told, value, what in _SAID:
        if kinds & told and (what is None or (what, creator if what == FOLLOWING else key) in on):
            return value
    if not math.isnan(watched):
        return watch_value(watched)
    return SKIPPED if kinds & _SKIP else 0.0
