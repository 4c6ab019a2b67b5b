"""Viewers for batch answers, read from MongoDB in one pass over all events instead of four queries each.

The state is the same fold that the feed uses. Columns do not tell whom an event followed or blocked, so viewers with
such events are read one by one, exactly as the feed rebuilds them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from reels.core.keys import NO_KEYS, Keys
from reels.core.ports import EventColumns, InteractionStore, UserStore
from reels.core.types import EventKind, User, UserState
from reels.core.user_state import NAMES_CREATOR, fold_columns, new_state
from reels.recommender.batch import BatchViewer

ONE_BY_ONE = 2000
"""Up to so many named viewers are read one by one: cheaper than all events of everybody."""
TOGETHER = 500
_KINDS = tuple(EventKind)
_ALONE = np.array([kind in NAMES_CREATOR for kind in _KINDS])
Rebuild = Callable[[str], Awaitable[tuple[UserState, Keys]]]


async def viewers_of(
    users: UserStore, interactions: InteractionStore, rebuild: Rebuild, wanted: Collection[str] | None = None
) -> AsyncIterator[list[BatchViewer]]:
    """All viewers with events, or the wanted ones (cold where they have none), some hundred at a time."""
    if wanted is not None and len(wanted) <= ONE_BY_ONE:
        for start in range(0, len(wanted), TOGETHER):
            yield [BatchViewer(*await rebuild(one)) for one in list(wanted)[start : start + TOGETHER]]
        return
    left = None if wanted is None else set(wanted)
    group: list[tuple[str, EventColumns]] = []
    async for user_id, events in _by_viewer(interactions):
        if left is not None and user_id not in left:
            continue
        if left is not None:
            left.remove(user_id)
        group.append((user_id, events))
        if len(group) >= TOGETHER:
            yield await _folded(group, users, rebuild)
            group = []
    group += [(user_id, _no_events()) for user_id in sorted(left or ())]
    for start in range(0, len(group), TOGETHER):
        yield await _folded(group[start : start + TOGETHER], users, rebuild)


async def _by_viewer(interactions: InteractionStore) -> AsyncIterator[tuple[str, EventColumns]]:
    """Each viewer's events; the stream comes in viewer order, in batches that may cut a viewer in two."""
    open_id, parts = "", list[EventColumns]()
    async for batch in interactions.stream():
        start = 0
        for user_id, run in groupby(batch.user_id):
            end = start + sum(1 for _ in run)
            part = _cut(batch, start, end)
            start = end
            if user_id == open_id:
                parts.append(part)
                continue
            if parts:
                yield open_id, _joined(parts)
            open_id, parts = user_id, [part]
    if parts:
        yield open_id, _joined(parts)


async def _folded(group: Sequence[tuple[str, EventColumns]], users: UserStore, rebuild: Rebuild) -> list[BatchViewer]:
    known = await users.get_many([user_id for user_id, _ in group])
    viewers = []
    for user_id, events in group:
        if _ALONE[events.kind].any():
            viewers.append(BatchViewer(*await rebuild(user_id)))
            continue
        state = fold_columns(
            new_state(known.get(user_id) or User(user_id, 0.0)),
            events.reel.tolist(),
            [_KINDS[kind] for kind in events.kind.tolist()],
            events.occurred_at.tolist(),
            events.watch_sec.astype(np.float64).tolist(),
            events.duration_sec.astype(np.float64).tolist(),
        )
        viewers.append(BatchViewer(state, np.unique(events.reel)))
    return viewers


def _cut(batch: EventColumns, start: int, end: int) -> EventColumns:
    return EventColumns(batch.user_id[start:end], *(column[start:end] for column in _columns(batch)))


def _joined(parts: Sequence[EventColumns]) -> EventColumns:
    if len(parts) == 1:
        return parts[0]
    columns = [np.concatenate(same) for same in zip(*(_columns(part) for part in parts), strict=True)]
    return EventColumns([one for part in parts for one in part.user_id], *columns)


def _columns(batch: EventColumns) -> tuple[Any, ...]:
    return batch.reel, batch.kind, batch.occurred_at, batch.watch_sec, batch.duration_sec


def _no_events() -> EventColumns:
    nothing = np.empty(0, np.float32)
    return EventColumns([], NO_KEYS, np.empty(0, np.uint8), np.empty(0), nothing, nothing)
