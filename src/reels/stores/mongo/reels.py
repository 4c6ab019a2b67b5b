"""The catalogue; see `reel_documents` for how a reel looks and `reel_changes` for how one is written."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from reels.core.ports import StoredReel, UpsertCounts
from reels.core.types import Reel, ReelStatus
from reels.stores.mongo.connect import Document, Mongo
from reels.stores.mongo.indexes import REELS
from reels.stores.mongo.reel_changes import LEAVE, Change, Outcome, ReelChanges
from reels.stores.mongo.reel_documents import STORED, described, from_document

_CHUNK = 1000


class MongoReels:
    """`ReelStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._reels = mongo.collection(REELS)
        self._changes = ReelChanges(mongo)

    async def upsert(self, reels: Sequence[Reel], now: float) -> UpsertCounts:
        latest = {reel.reel_id: reel for reel in reels}  # of a reel given twice, the last counts
        outcomes = await self._write({reel_id: _as_given(reel, now) for reel_id, reel in latest.items()}, now)
        return UpsertCounts(
            new=outcomes.count(Outcome.NEW),
            updated=outcomes.count(Outcome.UPDATED),
            unchanged=outcomes.count(Outcome.UNCHANGED) + len(reels) - len(latest),
        )

    async def get(self, reel_ids: Sequence[str]) -> dict[str, StoredReel]:
        found: dict[str, StoredReel] = {}
        for start in range(0, len(reel_ids), _CHUNK):
            for stored in await self._find({"_id": {"$in": list(reel_ids[start : start + _CHUNK])}}, [], _CHUNK):
                found[stored.reel.reel_id] = stored
        return found

    async def set_status(self, reel_ids: Sequence[str], status: ReelStatus, now: float) -> int:
        def change(before: Document | None) -> Document | None:
            return LEAVE if before is None or before["status"] == status.value else {"status": status.value}

        return (await self._write(dict.fromkeys(reel_ids, change), now)).count(Outcome.UPDATED)

    async def touch(self, reel_ids: Sequence[str], now: float) -> int:
        def change(before: Document | None) -> Document | None:
            return LEAVE if before is None else {}

        return (await self._write(dict.fromkeys(reel_ids, change), now)).count(Outcome.UPDATED)

    async def changed_since(self, updated_at: float, limit: int) -> list[tuple[str, float]]:
        with self._mongo.answering(patient=limit > _CHUNK):
            found = self._reels.find({"updated_at": {"$gte": updated_at}}, {"_id": 1, "updated_at": 1}, hint="changes")
            documents = await found.sort([("updated_at", 1), ("_id", 1)]).limit(limit).to_list()
        return [(one["_id"], one["updated_at"]) for one in documents]

    async def stream(self, batch: int = 2000) -> AsyncIterator[list[StoredReel]]:
        query: Document = {}
        while stored := await self._find(query, [("_id", 1)], batch):
            yield stored
            query = {"_id": {"$gt": stored[-1].reel.reel_id}}

    async def count(self) -> int:
        with self._mongo.answering():
            return await self._reels.estimated_document_count()

    async def newest(self, before: float, limit: int, before_id: str = "") -> list[StoredReel]:
        query: Document = {"status": ReelStatus.ACTIVE.value, "fresh_at": {"$lt": before}}
        if before_id:
            query["fresh_at"] = {"$lte": before}
            query["$or"] = [{"fresh_at": {"$lt": before}}, {"_id": {"$lt": before_id}}]
        return await self._find(query, [("fresh_at", -1), ("_id", -1)], limit)

    async def most_viewed(self, limit: int) -> list[StoredReel]:
        return await self._find({"status": ReelStatus.ACTIVE.value}, [("stats.views", -1)], limit)

    async def _find(self, query: Document, order: list[tuple[str, int]], limit: int) -> list[StoredReel]:
        with self._mongo.answering(patient=limit > _CHUNK):
            found = self._reels.find(query, STORED).limit(limit)
            documents = await (found.sort(order) if order else found).to_list()
        return [from_document(one) for one in documents]

    async def _write(self, changes: dict[str, Change], now: float) -> list[Outcome]:
        outcomes: list[Outcome] = []
        reel_ids = list(changes)
        for start in range(0, len(reel_ids), _CHUNK):
            chunk = {reel_id: changes[reel_id] for reel_id in reel_ids[start : start + _CHUNK]}
            outcomes += await self._changes.write(chunk, now)
        return outcomes


def _as_given(reel: Reel, now: float) -> Change:
    def change(before: Document | None) -> Document | None:
        if before is None:
            return described(reel, now)
        # Blocking is the operator's word: a catalogue file that still lists the reel does not lift it.
        blocked = before["status"] == ReelStatus.BLOCKED.value
        given = replace(reel, status=ReelStatus.BLOCKED) if blocked else reel
        wanted = described(given, before["added_at"])
        differing = {name: value for name, value in wanted.items() if before.get(name) != value}
        return differing or LEAVE

    return change
