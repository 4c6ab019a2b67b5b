"""What administrators did: `{_id, at, who, action, details}`."""

from typing import Any

from reels.stores.mongo.connect import Mongo
from reels.stores.mongo.indexes import AUDIT
from reels.stores.mongo.plain import plain


class MongoAudit:
    """`AuditStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._audit = mongo.collection(AUDIT)

    async def add(self, who: str, action: str, details: dict[str, Any], now: float) -> None:
        with self._mongo.answering():
            await self._audit.insert_one({"at": now, "who": who, "action": action, "details": plain(details)})

    async def recent(self, limit: int) -> list[dict[str, Any]]:
        with self._mongo.answering():
            return await self._audit.find({}, {"_id": 0}).sort([("at", -1), ("_id", -1)]).limit(limit).to_list()
