"""Administrators `{_id: name, password_hash, created_at, changed_at, disabled_at}`, and failed attempts to sign in
`{_id: key, count, newest_at, until}`; `until` is the date after which MongoDB removes them.
"""

from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError

from reels.core.types import Admin, Failures
from reels.stores.mongo.connect import Document, Mongo
from reels.stores.mongo.indexes import ADMINS, FAILURES
from reels.stores.mongo.sessions import moment


class MongoAdmins:
    """`AdminStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._admins = mongo.collection(ADMINS)
        self._failures = mongo.collection(FAILURES)

    async def create(self, admin: Admin) -> bool:
        with self._mongo.answering():
            try:
                await self._admins.insert_one(to_document(admin))
            except DuplicateKeyError:
                return False
        return True

    async def get(self, name: str) -> Admin | None:
        with self._mongo.answering():
            document = await self._admins.find_one({"_id": name})
        return None if document is None else from_document(document)

    async def everyone(self) -> list[Admin]:
        with self._mongo.answering():
            return [from_document(one) for one in await self._admins.find().sort("_id", 1).to_list()]

    async def set_password(self, name: str, password_hash: str, now: float) -> bool:
        return await self._set(name, {"password_hash": password_hash, "changed_at": now})

    async def set_disabled(self, name: str, at: float | None) -> bool:
        return await self._set(name, {"disabled_at": at})

    async def _set(self, name: str, values: Document) -> bool:
        with self._mongo.answering():
            return (await self._admins.update_one({"_id": name}, {"$set": values})).matched_count == 1

    async def failures(self, key: str) -> Failures:
        with self._mongo.answering():
            found = await self._failures.find_one({"_id": key})
        return Failures() if found is None else Failures(found["count"], found["newest_at"])

    async def count_failure(self, key: str, before: Failures, now: float, kept_until: float) -> bool:
        after = {"count": before.count + 1, "newest_at": now, "until": moment(kept_until)}
        with self._mongo.answering():
            if before.count:
                wanted = {"_id": key, "count": before.count}
                return (await self._failures.update_one(wanted, {"$set": after})).matched_count == 1
            try:
                await self._failures.insert_one({"_id": key, **after})
            except DuplicateKeyError:
                return False
        return True

    async def clear_failures(self, keys: Sequence[str]) -> None:
        with self._mongo.answering():
            await self._failures.delete_many({"_id": {"$in": list(keys)}})


def to_document(admin: Admin) -> Document:
    """An administrator as stored."""
    return {
        "_id": admin.name,
        "password_hash": admin.password_hash,
        "created_at": admin.created_at,
        "changed_at": admin.changed_at,
        "disabled_at": admin.disabled_at,
    }


def from_document(document: Document) -> Admin:
    """The administrator stored in a document."""
    return Admin(
        name=document["_id"],
        password_hash=document["password_hash"],
        created_at=document["created_at"],
        changed_at=document["changed_at"],
        disabled_at=document.get("disabled_at"),
    )
