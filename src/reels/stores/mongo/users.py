"""Viewers: `{_id: user_id, created_at, region, language, key_id, reset_at}`."""

from collections.abc import Sequence

from pymongo.errors import BulkWriteError, DuplicateKeyError

from reels.core.types import User
from reels.stores.mongo.connect import Document, Mongo, only_duplicates
from reels.stores.mongo.indexes import USERS

_CHUNK = 1000


class MongoUsers:
    """`UserStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._users = mongo.collection(USERS)

    async def create(self, user: User) -> bool:
        with self._mongo.answering():
            try:
                await self._users.insert_one(to_document(user))
            except DuplicateKeyError:
                return False
        return True

    async def get(self, user_id: str) -> User | None:
        with self._mongo.answering():
            document = await self._users.find_one({"_id": user_id})
        return None if document is None else from_document(document)

    async def ensure(self, user_ids: Sequence[str], now: float) -> None:
        for start in range(0, len(user_ids), _CHUNK):
            documents = [to_document(User(user_id, now)) for user_id in user_ids[start : start + _CHUNK]]
            with self._mongo.answering(patient=True):
                try:
                    await self._users.insert_many(documents, ordered=False)
                except BulkWriteError as error:
                    if not only_duplicates(error):
                        raise

    async def get_many(self, user_ids: Sequence[str]) -> dict[str, User]:
        found: dict[str, User] = {}
        for start in range(0, len(user_ids), _CHUNK):
            with self._mongo.answering(patient=True):
                wanted = {"_id": {"$in": list(user_ids[start : start + _CHUNK])}}
                for document in await self._users.find(wanted).to_list():
                    found[document["_id"]] = from_document(document)
        return found

    async def reset(self, user_id: str, now: float) -> None:
        with self._mongo.answering():
            await self._users.update_one({"_id": user_id}, {"$max": {"reset_at": now}})

    async def resets(self) -> dict[str, float]:
        with self._mongo.answering(patient=True):
            found = await self._users.find({"reset_at": {"$gt": 0}}, {"reset_at": 1}).to_list()
        return {document["_id"]: document["reset_at"] for document in found}

    async def set_settings(self, user_id: str, region: str | None, language: str | None) -> None:
        given = {"region": region, "language": language}
        changes = {name: value for name, value in given.items() if value is not None}
        if changes:
            with self._mongo.answering():
                await self._users.update_one({"_id": user_id}, {"$set": changes})

    async def count(self) -> int:
        with self._mongo.answering():
            return await self._users.estimated_document_count()


def to_document(user: User) -> Document:
    """A viewer as stored."""
    document: Document = {
        "_id": user.user_id,
        "created_at": user.created_at,
        "region": user.region,
        "language": user.language,
        "key_id": user.key_id,
    }
    if user.reset_at is not None:
        document["reset_at"] = user.reset_at
    return document


def from_document(document: Document) -> User:
    """The viewer stored in a document."""
    return User(
        user_id=document["_id"],
        created_at=document["created_at"],
        region=document.get("region", ""),
        language=document.get("language", ""),
        key_id=document.get("key_id", ""),
        reset_at=document.get("reset_at"),
    )
