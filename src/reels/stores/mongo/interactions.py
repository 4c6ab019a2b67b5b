"""Everything viewers did; see `event_documents` for how it looks and `indexes` for what makes it fast."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass

from pymongo.errors import BulkWriteError

from reels.core.errors import StoreError, StoreUnavailable
from reels.core.ports import EventColumns, InsertOutcome
from reels.core.types import Event, EventKind
from reels.stores.mongo.connect import Document, Mongo, only_duplicates
from reels.stores.mongo.event_documents import COLUMNS, columns, event_key, from_document, to_document
from reels.stores.mongo.indexes import INTERACTIONS

_CHUNK = 5000
"""Events an insert command; an API batch (at most 500) is always in one."""
_AT_ONCE = 2
"""Insert commands on their way at a time; what comes meanwhile goes with the next."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Documents of one caller, and where the indexes of those that were there before are awaited."""

    documents: list[Document]
    duplicates: asyncio.Future[list[int]]


class MongoInteractions:
    """`InteractionStore` in MongoDB. Concurrent inserts share commands: one journal flush for all."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._interactions = mongo.collection(INTERACTIONS)
        self._waiting: deque[_Waiting] = deque()
        self._writers: set[asyncio.Task[None]] = set()

    async def insert(self, events: Sequence[Event], received_at: float, *, reacted: bool = False) -> InsertOutcome:
        documents = [to_document(event, received_at) for event in events]
        flagged = () if reacted else _first_of_each(events)
        for index in flagged:
            documents[index]["unreacted"] = True
        duplicates: set[int] = set()
        for start in range(0, len(events), _CHUNK):
            found = await self._insert(documents[start : start + _CHUNK])
            duplicates.update(start + index for index in found)
        stored = tuple(index for index in range(len(events)) if index not in duplicates)
        if flagged and not duplicates.isdisjoint(flagged):
            flagged = await self._flag_others(events, stored, flagged)
        return InsertOutcome(stored, tuple(sorted(duplicates)), flagged)

    async def _flag_others(
        self, events: Sequence[Event], stored: tuple[int, ...], flagged: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Where the flagged event of a viewer was there before, another that is new stands for them."""
        there = set(stored)
        first = {events[index].user_id: index for index in reversed(stored)}
        first |= {events[index].user_id: index for index in flagged if index in there}
        late = sorted(set(first.values()).difference(flagged))
        if late:
            keys = [event_key(events[index].user_id, events[index].event_id) for index in late]
            with self._mongo.answering():
                await self._interactions.update_many({"_id": {"$in": keys}}, {"$set": {"unreacted": True}})
        return tuple(sorted(first.values()))

    async def _insert(self, documents: list[Document]) -> list[int]:
        """Indexes of those that were there before, within this batch included."""
        mine = _Waiting(documents, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        if len(self._writers) < _AT_ONCE:
            # Without the caller's context: its deadline and its trace are not everybody's.
            writer = asyncio.create_task(self._write_waiting(), context=Context())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        return await mine.duplicates

    async def _write_waiting(self) -> None:
        while self._waiting:
            together = [self._waiting.popleft()]
            size = len(together[0].documents)
            while self._waiting and size + len(self._waiting[0].documents) <= _CHUNK:
                together.append(self._waiting.popleft())
                size += len(together[-1].documents)
            try:
                await self._write(together)
            except BaseException as error:
                for one in together:
                    if not one.duplicates.done():
                        one.duplicates.set_exception(
                            error if isinstance(error, Exception) else StoreUnavailable("mongo", "the process ends")
                        )
                if not isinstance(error, Exception):
                    raise

    async def _write(self, together: list[_Waiting]) -> None:
        """One command for all; where MongoDB refuses one of them, each by itself."""
        try:
            refused = await self._insert_many([document for one in together for document in one.documents])
        except StoreUnavailable:
            raise
        except StoreError:
            if len(together) == 1:
                raise
            for one in together:
                try:
                    await self._write([one])
                except StoreError as error:
                    one.duplicates.set_exception(error)
            return
        start = 0
        for one in together:
            end = start + len(one.documents)
            if not one.duplicates.done():  # a caller that has gone has nobody to tell
                one.duplicates.set_result([index - start for index in refused if start <= index < end])
            start = end

    async def _insert_many(self, documents: list[Document]) -> list[int]:
        with self._mongo.answering():
            try:
                await self._interactions.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                if not only_duplicates(error):
                    raise
                return [one["index"] for one in error.details["writeErrors"]]
        return []

    async def mark_reacted(self, marks: Mapping[str, Sequence[str]]) -> None:
        keys = [event_key(user_id, event_id) for user_id, event_ids in marks.items() for event_id in event_ids]
        for start in range(0, len(keys), _CHUNK):
            with self._mongo.answering():
                wanted = {"_id": {"$in": keys[start : start + _CHUNK]}}
                await self._interactions.update_many(wanted, {"$unset": {"unreacted": ""}})

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


def _first_of_each(events: Sequence[Event]) -> tuple[int, ...]:
    """Index of each viewer's first event."""
    first: dict[str, int] = {}
    for index, event in enumerate(events):
        first.setdefault(event.user_id, index)
    return tuple(first.values())
