"""Small logs for the tests of the fits."""

from collections.abc import Sequence

import numpy as np

from reels.core.ports import EventColumns
from reels.core.types import Event, EventKind
from reels.learning.interactions import Histories

KINDS = tuple(EventKind)


def columns(events: Sequence[Event], reel_key: dict[str, int]) -> EventColumns:
    """Events as the store streams them: in (user_id, occurred_at) order."""
    ordered = sorted(events, key=lambda one: (one.user_id, one.occurred_at))
    nan = float("nan")
    return EventColumns(
        user_id=[one.user_id for one in ordered],
        reel=np.array([reel_key[one.reel_id] for one in ordered], np.int64),
        kind=np.array([KINDS.index(one.kind) for one in ordered], np.uint8),
        occurred_at=np.array([one.occurred_at for one in ordered], np.float64),
        watch_sec=np.array([nan if one.watch_sec is None else one.watch_sec for one in ordered], np.float32),
        duration_sec=np.array([nan if one.duration_sec is None else one.duration_sec for one in ordered], np.float32),
    )


def histories(lists: Sequence[Sequence[int]], n: int, weights: Sequence[Sequence[float]] | None = None) -> Histories:
    """Histories of row lists, weight 1 unless given."""
    lengths = [len(one) for one in lists]
    flat = [w for one in weights for w in one] if weights is not None else [1.0] * sum(lengths)
    return Histories(
        indptr=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        rows=np.array([row for one in lists for row in one], np.int32),
        weights=np.array(flat, np.float32),
        at=np.array([t for one in lists for t in range(len(one))], np.float64),
        n=n,
    )
