"""The hot side of a viewer; see `keys` for what is kept and `scripts` for what happens in one step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from reels.core.keys import NO_KEYS, Keys
from reels.core.ports import StateFold, ViewerCache
from reels.stores.redis import key_names
from reels.stores.redis.connect import Redis
from reels.stores.redis.scripts import ADD_SEEN, PUT_PAGE, PUT_SEEN, PUT_STATE, SHRINK_SEEN, SWAP_STATE

_KEY_BYTES = 8
_TRIES = 6


@dataclass(frozen=True, slots=True)
class ViewerLimits:
    """How long and how much is kept of a viewer."""

    idle_sec: int = 7 * 86_400
    """Life of state and seen after the last event; they are rebuilt from MongoDB when needed again."""
    pages_kept_sec: int = 6 * 3600
    """Life of an answered page and of what was served."""
    rebuild_sec: int = 600
    """Longer than any rebuild takes."""
    seen: int = 100_000
    """Reels remembered as seen (8 bytes each, read with every page). Beyond, the oldest tenth goes."""
    served: int = 10_000
    """Reels remembered as served, likewise."""


class RedisViewers:
    """`ViewerStore` in Redis."""

    def __init__(self, redis: Redis, limits: ViewerLimits | None = None) -> None:
        self._redis = redis
        self._limits = limits or ViewerLimits()

    async def read(self, user_id: str, feed_id: str = "") -> ViewerCache:
        asked = [
            key_names.state(user_id),
            key_names.seen(user_id),
            key_names.served(user_id),
            key_names.candidates(user_id),
        ]
        asked += [key_names.generation(user_id)] + ([key_names.page(user_id, feed_id)] if feed_id else [])
        # The policy by itself: in a cluster it lives elsewhere.
        (state, seen, served, candidates, generation, *page), policy = await self._redis.ask(
            ("MGET", *asked), ("GET", key_names.POLICY_VERSION)
        )
        return ViewerCache(
            state=state,
            seen=None if seen is None else _unpacked(seen),
            served=NO_KEYS if served is None else _unpacked(served),
            candidates=candidates,
            page=page[0] if page else None,
            policy_version=None if policy is None else int(policy),
            generation=int(generation or 0),
        )

    async def update_state(self, user_id: str, fold: StateFold) -> bool:
        name = key_names.state(user_id)
        for _ in range(_TRIES):
            before = await self._get(name)
            after = fold(before)
            if after is None:
                return before is not None
            if before is None:
                if await self.put_state(user_id, after, only_if_absent=True):
                    return True
                continue
            (swapped,) = await self._redis.ask(("EVAL", SWAP_STATE, 1, name, before, after, self._limits.idle_sec))
            if swapped:
                return True
        await self._drop(user_id, name)
        return False

    async def put_state(
        self, user_id: str, state: bytes, *, only_if_absent: bool, generation: int | None = None
    ) -> bool:
        names = (key_names.state(user_id), key_names.generation(user_id))
        arguments = (state, self._limits.idle_sec, int(only_if_absent), "" if generation is None else generation)
        with self._redis.answering() as client:
            return bool(await client.eval(PUT_STATE, 2, *names, *arguments))

    async def drop_state(self, user_ids: Sequence[str]) -> None:
        for user_id in user_ids:
            names = (key_names.state(user_id), key_names.seen(user_id), key_names.candidates(user_id))
            await self._drop(user_id, *names)

    async def _drop(self, user_id: str, *names: str) -> None:
        generation = key_names.generation(user_id)
        with self._redis.answering() as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.delete(*names)
            pipeline.incr(generation)
            pipeline.expire(generation, self._limits.rebuild_sec)
            await pipeline.execute()

    async def add_seen(self, user_id: str, keys: Keys) -> bool:
        name = key_names.seen(user_id)
        (length,) = await self._redis.ask(("EVAL", ADD_SEEN, 1, name, _packed(keys), self._limits.idle_sec))
        await self._shrink_if_long(name, length)
        return bool(length >= 0)

    async def put_seen(self, user_id: str, keys: Keys, *, generation: int | None = None) -> bool:
        names = (key_names.seen(user_id), key_names.generation(user_id))
        arguments = (_packed(keys), self._limits.idle_sec, "" if generation is None else generation)
        with self._redis.answering() as client:
            length: int = await client.eval(PUT_SEEN, 2, *names, *arguments)
        await self._shrink_if_long(names[0], length)
        return length >= 0

    async def _shrink_if_long(self, name: str, length: int) -> None:
        """Each reel once, at its newest place; if that is still too many, without the oldest tenth."""
        if length <= self._limits.seen * _KEY_BYTES:
            return
        packed = await self._get(name)
        if packed is None:
            return
        smaller = _packed(_newest_once(_unpacked(packed), self._limits.seen * 9 // 10))
        with self._redis.answering() as client:
            await client.eval(SHRINK_SEEN, 1, name, len(packed), smaller, self._limits.idle_sec)

    async def put_candidates(self, user_id: str, packed: bytes, ttl_sec: float) -> None:
        await self._redis.ask(
            ("SET", key_names.candidates(user_id), packed, "PX", max(1, int(ttl_sec * 1000))),
            ("DEL", key_names.building(user_id)),
        )

    async def drop_candidates(self, user_id: str) -> None:
        with self._redis.answering() as client:
            await client.delete(key_names.candidates(user_id))

    async def claim_build(self, user_id: str, ttl_sec: float) -> bool:
        px = max(1, int(ttl_sec * 1000))
        (claimed,) = await self._redis.ask(("SET", key_names.building(user_id), b"1", "PX", px, "NX"))
        return claimed is not None

    async def put_page(self, user_id: str, feed_id: str, page: bytes, shown: Keys) -> bytes:
        most = self._limits.served * _KEY_BYTES
        kept = self._limits.served * 9 // 10 * _KEY_BYTES
        arguments = (page, self._limits.pages_kept_sec, _packed(shown), most, kept)
        keys = (key_names.page(user_id, feed_id), key_names.served(user_id))
        first: bytes | None
        (first,) = await self._redis.ask(("EVAL", PUT_PAGE, 2, *keys, *arguments))
        return page if first is None else first

    async def _get(self, name: str) -> bytes | None:
        (found,) = await self._redis.ask(("GET", name))
        return cast("bytes | None", found)


def _packed(some: Keys) -> bytes:
    return np.ascontiguousarray(some, dtype="<i8").tobytes()


def _unpacked(packed: bytes) -> Keys:
    return np.frombuffer(packed, dtype="<i8").astype(np.int64, copy=False)


def _newest_once(some: Keys, most: int) -> Keys:
    """Each key once, at the place of its last appearance; the last `most` of them."""
    backwards = some[::-1]
    _, first = np.unique(backwards, return_index=True)
    first.sort()
    return backwards[first[:most]][::-1]
