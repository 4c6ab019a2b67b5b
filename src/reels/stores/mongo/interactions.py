"""Everything viewers did; see `event_documents` for how it looks and `indexes` for what makes it fast."""

from collections.abc import AsyncIterator, Iterable, Sequence

from pymongo.errors import BulkWriteError

from reels.core.ports import EventColumns, InsertOutcome
from reels.core.types import Event, EventKind
from reels.stores.mongo.connect import Document, Mongo, only_duplicates
from reels.stores.mongo.event_documents import COLUMNS, columns, event_key, from_document, to_document
from reels.stores.mongo.indexes import INTERACTIONS

_CHUNK = 5000
"""Events an insert command; an API batch (at most 500) is always one."""


class MongoInteractions:
    """`InteractionStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._interactions = mongo.collection(INTERACTIONS)

    async def insert(self, events: Sequence[Event], received_at: float, *, reacted: bool = False) -> InsertOutcome:
        duplicates: set[int] = set()
        for start in range(0, len(events), _CHUNK):
            chunk = events[start : start + _CHUNK]
            documents = [to_document(event, received_at, reacted=reacted) for event in chunk]
            duplicates.update(start + index for index in await self._insert(documents))
        stored = tuple(index for index in range(len(events)) if index not in duplicates)
        return InsertOutcome(stored, tuple(sorted(duplicates)))

    async def _insert(self, documents: list[Document]) -> Iterable[int]:
        """Indexes of those that were there before, within this batch included."""
        with self._mongo.answering():
            try:
                await self._interactions.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                if not only_duplicates(error):
                    raise
                return [one["index"] for one in error.details["writeErrors"]]
        return ()

    async def mark_reacted(self, user_id: str, event_ids: Sequence[str]) -> None:
        keys = [event_key(user_id, event_id) for event_id in event_ids]
        if keys:
            with self._mongo.answering():
                await self._interactions.update_many({"_id": {"$in": keys}}, {"$unset": {"unreacted": ""}})

    async def unreacted(self, older_than: float, limit: int) -> list[Event]:
        query = {"unreacted": True, "received_at": {"$lt": older_than}}
        with self._mongo.answering():
            documents = await self._interactions.find(query).sort("received_at", 1).limit(limit).to_list()
        return [from_document(one) for one in documents]

    async def newest_of(self, user_id: str, limit: int, kinds: Sequence[EventKind] | None = None) -> list[Event]:
        query: Document = {"user_id": user_id}
        if kinds is not None:
            query["kind"] = {"$in": [kind.value for kind in kinds]}
        with self._mongo.answering():
            documents = await self._interactions.find(query).sort("occurred_at", -1).limit(limit).to_list()
        return [from_document(one) for one in documents]

    async def reels_of(self, user_id: str, limit: int) -> list[str]:
        stages: list[Document] = [
            {"$match": {"user_id": user_id}},
            {"$group": {"_id": "$reel_id", "newest": {"$max": "$occurred_at"}}},
            {"$sort": {"newest": -1, "_id": 1}},
            {"$limit": limit},
        ]
        return [one["_id"] for one in await self._aggregated(stages, "timeline")]

    async def stream(self, batch: int = 50_000, before: float | None = None) -> AsyncIterator[EventColumns]:
        query: Document = {} if before is None else {"received_at": {"$lt": before}}
        key_by_reel: dict[str, int] = {}
        found = self._interactions.find(query, COLUMNS, batch_size=batch, hint="timeline")
        found = found.sort([("user_id", 1), ("occurred_at", 1)])
        try:
            while True:
                with self._mongo.answering(patient=True):
                    documents = await found.to_list(batch)
                if not documents:
                    return
                yield columns(documents, key_by_reel)
        finally:
            await found.close()

    async def count(self) -> int:
        with self._mongo.answering():
            return await self._interactions.estimated_document_count()

    async def count_recent(self, since: float, until: float) -> list[tuple[str, str, str, int]]:
        stages: list[Document] = [
            {"$match": {"received_at": {"$gte": since, "$lt": until}}},
            {
                "$group": {
                    "_id": {"reel": "$reel_id", "region": "$region", "kind": "$kind"},
                    "n": {"$sum": 1},
                }
            },
        ]
        counted = await self._aggregated(stages, "recent")
        return [(one["_id"]["reel"], one["_id"].get("region") or "", one["_id"]["kind"], one["n"]) for one in counted]

    async def impressions(self, reel_ids: Sequence[str]) -> dict[str, int]:
        shown = dict.fromkeys(reel_ids, 0)
        for start in range(0, len(reel_ids), _CHUNK):
            wanted = {"$in": list(reel_ids[start : start + _CHUNK])}
            stages: list[Document] = [
                {"$match": {"kind": EventKind.IMPRESSION.value, "reel_id": wanted}},
                {"$group": {"_id": "$reel_id", "n": {"$sum": 1}}},
            ]
            shown |= {one["_id"]: one["n"] for one in await self._aggregated(stages, "impressions")}
        return shown

    async def _aggregated(self, stages: list[Document], index: str) -> list[Document]:
        with self._mongo.answering(patient=True):
            found = await self._interactions.aggregate(stages, hint=index)
            return await found.to_list()
