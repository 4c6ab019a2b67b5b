"""How reels are written, so that whoever follows `updated_at` misses none.

A change is stamped with a new `updated_at`: now, but always later than any stamp in the catalogue when the writer
looked, and one microsecond apart within a batch. So stamps order all changes even where clocks differ; only writers at
the very same time may overtake each other by milliseconds (readers look back a little, see `core.catalogue_changes`).
A change is only written upon the document it was made for (same `revision`); else it is made again for the new one.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from bson import ObjectId
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from reels.core.errors import StoreUnavailable
from reels.stores.mongo.connect import STORE, Document, Mongo, only_duplicates
from reels.stores.mongo.indexes import REELS

Change = Callable[[Document | None], Document | None]
"""The document before (None = new) -> the fields to set, or LEAVE."""
LEAVE: Final = None

_APART_SEC: Final = 1e-6
_TRIES: Final = 20
_FEW: Final = 100


class Outcome(Enum):
    """What became of one reel."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class ReelChanges:
    """Read, change, write; again for those somebody else changed meanwhile."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._reels = mongo.collection(REELS)

    async def write(self, changes: Mapping[str, Change], now: float) -> list[Outcome]:
        """One outcome a reel, in no particular order."""
        outcomes: dict[str, Outcome] = {}
        waiting = dict(changes)
        for _ in range(_TRIES):
            done = await self._attempt(waiting, now)
            outcomes |= done
            waiting = {reel_id: change for reel_id, change in waiting.items() if reel_id not in done}
            if not waiting:
                return list(outcomes.values())
        raise StoreUnavailable(STORE, f"others kept changing the same {len(waiting)} reels")

    async def _attempt(self, changes: Mapping[str, Change], now: float) -> dict[str, Outcome]:
        with self._mongo.answering(patient=len(changes) > _FEW):
            documents = await self._reels.find({"_id": {"$in": list(changes)}}).to_list()
            newest = await self._reels.find_one({}, {"_id": 0, "updated_at": 1}, sort=[("updated_at", -1)])
        before = {one["_id"]: one for one in documents}
        stamp = now if newest is None else max(now, newest["updated_at"] + _APART_SEC)
        revision = ObjectId()
        outcomes: dict[str, Outcome] = {}
        writes: list[InsertOne[Document] | UpdateOne] = []
        for reel_id, change in changes.items():
            old = before.get(reel_id)
            values = change(old)
            if values is LEAVE:
                outcomes[reel_id] = Outcome.UNCHANGED
                continue
            outcomes[reel_id] = Outcome.NEW if old is None else Outcome.UPDATED
            stamped = {**values, "updated_at": stamp + len(writes) * _APART_SEC, "revision": revision}
            writes.append(_write(reel_id, old, stamped))
        if writes and not await self._all_written(writes):
            written = await self._written(list(changes), revision)
            return {
                reel_id: outcome
                for reel_id, outcome in outcomes.items()
                if outcome is Outcome.UNCHANGED or reel_id in written
            }
        return outcomes

    async def _all_written(self, writes: list[InsertOne[Document] | UpdateOne]) -> bool:
        with self._mongo.answering(patient=len(writes) > _FEW):
            try:
                result = await self._reels.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                if not only_duplicates(error):
                    raise
                return False
        return result.inserted_count + result.matched_count == len(writes)

    async def _written(self, reel_ids: list[str], revision: ObjectId) -> set[str]:
        """Those that bear our revision. One that was written and at once changed by another is written once more."""
        with self._mongo.answering(patient=len(reel_ids) > _FEW):
            found = await self._reels.find({"_id": {"$in": reel_ids}, "revision": revision}, {"_id": 1}).to_list()
        return {one["_id"] for one in found}


def _write(reel_id: str, old: Document | None, values: Document) -> InsertOne[Document] | UpdateOne:
    if old is None:
        return InsertOne({"_id": reel_id, **values})
    return UpdateOne({"_id": reel_id, "revision": old["revision"]}, {"$set": values})
