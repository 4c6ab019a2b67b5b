"""Models for tests: a made snapshot, with and without a tail and live signals."""

from functools import cache

import numpy as np
from tests.snapshots import NOW, make_snapshot, reel_name

from reels.core import signals
from reels.core.keys import key_of, keys_of
from reels.core.ports import StoredReel
from reels.core.types import Reel, ReelStats, ReelStatus
from reels.learning.snapshot import Snapshot
from reels.recommender.models import Models, build
from reels.recommender.orders import orders_of
from reels.recommender.tail import prepare, tail_of


@cache
def snapshot(n: int = 400, seed: int = 0) -> Snapshot:
    return make_snapshot(n, seed=seed)


@cache
def plain(n: int = 400) -> Models:
    return build(snapshot(n))


def stored(reel_id: str, creator: str = "newcomer", age: float = 60.0, **more: object) -> StoredReel:
    fields = {"title": f"Late {reel_id}", "language": "hi", "region": "IN", "duration_sec": 15.0} | more
    reel = Reel(reel_id, creator_id=creator, published_at=NOW - age, **fields)  # type: ignore[arg-type]
    return StoredReel(reel, NOW - age, NOW - age, "")


@cache
def with_tail(n: int = 400) -> Models:
    """Reel 8 of topic 0 changed, reel 9 blocked, five new reels (t0 and t1 embedded near topic 1), signals."""
    base = snapshot(n)
    late = [stored(f"t{i}", age=60.0 + i) for i in range(5)]
    changed = stored(reel_name(8), creator="c008", age=86_400.0, stats=ReelStats(views=5))
    blocked = stored(reel_name(9), creator="c009", status=ReelStatus.BLOCKED)
    near = base.content[np.flatnonzero(base.topics == 1)[:2]]
    vectors = {key_of("t0"): near[0], key_of("t1"): near[1]}
    tail = tail_of(base, orders_of(base), [prepare(one) for one in (*late, changed, blocked)], vectors)
    hot = signals.make(keys_of([reel_name(12), "t2", "nobody"]), np.array([0.9, 0.5, 1.0]), NOW)
    trials = signals.make(keys_of(["t0", reel_name(19)]), np.array([40.0, 70.0]), NOW)
    return build(base, tail, hot, trials)
