"""Policies: `{_id: version, ...}` with the fields of `core.policy.Policy`; added, never changed."""

from dataclasses import asdict, replace

from pymongo.errors import DuplicateKeyError

from reels.core.errors import StoreUnavailable
from reels.core.policy import Policy, Weights
from reels.stores.mongo.connect import STORE, Document, Mongo
from reels.stores.mongo.indexes import POLICIES
from reels.stores.mongo.plain import known_fields, plain

_TRIES = 100


class MongoPolicies:
    """`PolicyStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._policies = mongo.collection(POLICIES)

    async def current(self) -> Policy | None:
        newest = await self.history(1)
        return newest[0] if newest else None

    async def add(self, policy: Policy, now: float, author: str) -> Policy:
        for _ in range(_TRIES):
            newest = await self.current()
            version = newest.version + 1 if newest else 1
            added = replace(policy, version=version, created_at=now, created_by=author)
            with self._mongo.answering():
                try:
                    await self._policies.insert_one(to_document(added))
                except DuplicateKeyError:
                    continue  # somebody else took this version: look again
            return added
        raise StoreUnavailable(STORE, f"{_TRIES} policies were added at the same time")

    async def get(self, version: int) -> Policy | None:
        with self._mongo.answering():
            document = await self._policies.find_one({"_id": version})
        return None if document is None else from_document(document)

    async def history(self, limit: int) -> list[Policy]:
        with self._mongo.answering():
            documents = await self._policies.find().sort("_id", -1).limit(limit).to_list()
        return [from_document(document) for document in documents]


def to_document(policy: Policy) -> Document:
    """A policy as stored."""
    document: Document = plain(asdict(policy))
    document["_id"] = document.pop("version")
    return document


def from_document(document: Document) -> Policy:
    """The policy stored in a document; fields it was stored without have their defaults."""
    values = known_fields(Policy, document)
    values["version"] = document["_id"]
    values["weights"] = Weights(**known_fields(Weights, document.get("weights", {})))
    return Policy(**values)
