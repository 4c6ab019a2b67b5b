"""After a fault: is every acknowledged event there, once, and is everything derived what a rebuild would make it?"""

import asyncio
import time
from dataclasses import dataclass

import numpy as np
from tests.faults.traffic import PATIENCE_SEC, Watcher
from tests.waiting import eventually_async

from reels.core import signals
from reels.core.errors import StoreUnavailable
from reels.core.keys import keys_of
from reels.core.user_state import digest, unpack
from reels.ingest.rebuild import Rebuild
from reels.settings import Settings
from reels.stores.mongo.indexes import INTERACTIONS
from reels.wiring.stores import Stores, open_stores


@dataclass(frozen=True)
class Books:
    """What was found. All but `acknowledged` should be 0."""

    acknowledged: int
    lost: int
    """Acknowledged events that MongoDB does not have."""
    doubled: int
    """Events there more often than once, or that nobody sent."""
    states_wrong: int
    """Viewers whose state or seen set in Redis is not the one folded from MongoDB."""
    counters_wrong: int
    """Reels whose published count of impressions is not the number of impressions stored."""


def audit(settings: Settings, watchers: list[Watcher], *, counted: bool) -> Books:
    """Waits until nothing is left to react to, then compares. `counted`: whether a job worker counts impressions."""
    return asyncio.run(_audit(settings, watchers, counted))


async def _audit(settings: Settings, watchers: list[Watcher], counted: bool) -> Books:
    async with open_stores(settings) as stores:
        await eventually_async(lambda: _settled(stores), PATIENCE_SEC)
        lost = doubled = wrong = 0
        for watcher in watchers:
            kept = await _kept(stores, watcher.user_id)
            lost += len(watcher.acknowledged - set(kept))
            doubled += len(kept) - len(set(kept)) + len(set(kept) - watcher.sent)
            wrong += not await _state_is_right(stores, watcher.user_id)
        shown = sorted({reel for watcher in watchers for reel in watcher.shown})
        return Books(
            acknowledged=sum(len(watcher.acknowledged) for watcher in watchers),
            lost=lost,
            doubled=doubled,
            states_wrong=wrong,
            counters_wrong=await _wrong_counts(stores, shown) if counted else 0,
        )


async def _settled(stores: Stores) -> bool:
    try:
        return not await stores.interactions.unreacted(time.time() + 60.0, 1) and await stores.redis_answers()
    except StoreUnavailable:
        return False


async def _kept(stores: Stores, user_id: str) -> list[str]:
    """Ids of the viewer's events, read from the documents themselves."""
    found = stores.mongo.collection(INTERACTIONS).find({"user_id": user_id}, {"event_id": 1, "_id": 1})
    return [str(one["_id"]).removeprefix(f"{user_id}:") for one in await found.to_list()]


async def _state_is_right(stores: Stores, user_id: str) -> bool:
    cache = await stores.viewers.read(user_id)
    if cache.state is None or cache.seen is None:
        return True  # dropped by the replay: the next read rebuilds it
    state, seen = await Rebuild(stores.users, stores.interactions, stores.viewers)._read(user_id)
    return digest(unpack(cache.state)) == digest(state) and np.array_equal(np.unique(cache.seen), np.unique(seen))


async def _wrong_counts(stores: Stores, shown: list[str]) -> int:
    """Waits for a count begun after the last event, then compares it with the documents."""
    asked = time.time()

    async def published() -> signals.Signal | None:
        found = await stores.signals.get_signals([signals.TRIALS])
        signal = signals.unpack(found[signals.TRIALS]) if signals.TRIALS in found else signals.Signal()
        return signal if signal.computed_at > asked else None

    signal = await eventually_async(published, PATIENCE_SEC)
    assert signal is not None
    told = dict(zip(signal.keys.tolist(), signal.values.tolist(), strict=True))
    stored = await stores.interactions.impressions(shown)
    keys = keys_of(shown).tolist()
    return sum(told.get(key, 0.0) != stored.get(reel, 0) for reel, key in zip(shown, keys, strict=True))
