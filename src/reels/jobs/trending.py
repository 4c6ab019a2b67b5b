"""What is trending now and how far the trials are, counted anew from MongoDB and published for all API workers."""

import asyncio
from collections import Counter
from typing import Any

import numpy as np

from reels.core import signals
from reels.core.keys import keys_of
from reels.core.ports import InteractionStore, SignalStore
from reels.learning.interactions import rows_of
from reels.learning.popularity import TELLING
from reels.learning.snapshot import Snapshot
from reels.learning.trending import TrendingConfig, trending

WINDOW_SEC = 1800.0


async def run(
    interactions: InteractionStore,
    shared: SignalStore,
    snapshot: Snapshot | None,
    *,
    now: float,
    window_sec: float = WINDOW_SEC,
    config: TrendingConfig | None = None,
) -> dict[str, Any]:
    """How many reels had events in the last `window_sec`, and how many are trending. StoreUnavailable.

    `snapshot` tells what is usual; None = nothing is known, every share is compared with the mean.
    """
    recent = await interactions.count_recent(now - window_sec, now + 1.0)
    telling, touched = Counter[str](), set[str]()
    for reel_id, _, kind, n in recent:
        touched.add(reel_id)
        if kind in TELLING:
            telling[reel_id] += n
    ids = sorted(touched)
    strength = await asyncio.to_thread(_strengths, ids, telling, snapshot, config)
    shown = await interactions.impressions(ids)
    keys = keys_of(ids)
    trials = np.array([shown.get(one, 0) for one in ids], np.float64)
    hot = strength > 0
    await shared.put_signals(signals.TRENDING, signals.pack(signals.make(keys[hot], strength[hot], now)))
    await shared.put_signals(signals.TRIALS, signals.pack(signals.make(keys, trials, now)))
    return {"active": len(ids), "trending": int(hot.sum())}


def _strengths(
    ids: list[str], telling: Counter[str], snapshot: Snapshot | None, config: TrendingConfig | None
) -> np.ndarray[Any, Any]:
    """float64[len(ids)] in 0..1, judged over the whole catalogue."""
    keys = keys_of(ids)
    counts = np.array([telling[one] for one in ids], np.int64)
    if snapshot is None or not len(snapshot.keys):
        return trending(counts, np.zeros(len(ids), np.float32), config).astype(np.float64)
    rows = rows_of(keys, snapshot.keys)
    known = rows >= 0
    size = len(snapshot.keys) + int((~known).sum())
    at = np.where(known, rows, len(snapshot.keys) + np.cumsum(~known) - 1)
    all_counts, usual = np.zeros(size, np.int64), np.zeros(size, np.float32)
    all_counts[at] = counts
    usual[: len(snapshot.keys)] = snapshot.usual_rate
    return trending(all_counts, usual, config)[at].astype(np.float64)
