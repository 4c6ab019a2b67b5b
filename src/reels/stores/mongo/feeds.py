"""Served pages, kept `feeds_kept_days` (a TTL index); see `feed_documents` for how they look."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pymongo.errors import BulkWriteError

from reels.core.types import ServedFeed
from reels.stores.mongo.connect import Mongo, only_duplicates
from reels.stores.mongo.feed_documents import from_document, to_document
from reels.stores.mongo.indexes import FEEDS


class MongoFeeds:
    """`FeedStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._feeds = mongo.collection(FEEDS)

    async def record(self, feeds: Sequence[ServedFeed]) -> None:
        if not feeds:
            return
        documents = [to_document(feed) for feed in feeds]
        with self._mongo.answering():
            try:
                await self._feeds.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                if not only_duplicates(error):
                    raise

    async def get(self, feed_id: str) -> ServedFeed | None:
        with self._mongo.answering():
            document = await self._feeds.find_one({"_id": feed_id})
        return None if document is None else from_document(document)

    async def recent_of(self, user_id: str, since: float, limit: int) -> list[ServedFeed]:
        query = {"user_id": user_id, "served_at": {"$gte": datetime.fromtimestamp(since, UTC)}}
        with self._mongo.answering():
            found = self._feeds.find(query, {"inputs": 0}).sort("served_at", -1).limit(limit)
            documents = await found.to_list()
        return [from_document(document) for document in documents]

    async def count(self) -> int:
        with self._mongo.answering():
            return await self._feeds.estimated_document_count()
