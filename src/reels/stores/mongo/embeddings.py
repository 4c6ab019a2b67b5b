"""Text vectors: `{_id: "reel_id|space", reel_id, space, content_hash, vector}`, float32 little-endian bytes."""

from collections.abc import AsyncIterator, Sequence

import numpy as np
from pymongo import ReplaceOne

from reels.core.ports import StoredEmbedding
from reels.stores.mongo.connect import Document, Mongo
from reels.stores.mongo.indexes import EMBEDDINGS

_CHUNK = 1000


class MongoEmbeddings:
    """`EmbeddingStore` in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._embeddings = mongo.collection(EMBEDDINGS)

    async def put(self, space: str, rows: Sequence[StoredEmbedding]) -> None:
        for start in range(0, len(rows), _CHUNK):
            documents = (to_document(space, row) for row in rows[start : start + _CHUNK])
            writes = [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in documents]
            with self._mongo.answering(patient=True):
                await self._embeddings.bulk_write(writes, ordered=False)

    async def get(self, space: str, reel_ids: Sequence[str]) -> dict[str, StoredEmbedding]:
        found: dict[str, StoredEmbedding] = {}
        for start in range(0, len(reel_ids), _CHUNK):
            wanted = [_id(space, reel_id) for reel_id in reel_ids[start : start + _CHUNK]]
            with self._mongo.answering():
                documents = await self._embeddings.find({"_id": {"$in": wanted}}).to_list()
            found |= {one["reel_id"]: from_document(one) for one in documents}
        return found

    async def hashes(self, space: str) -> dict[str, str]:
        projection = {"_id": 0, "reel_id": 1, "content_hash": 1}
        with self._mongo.answering(patient=True):
            documents = await self._embeddings.find({"space": space}, projection, hint="space").to_list()
        return {one["reel_id"]: one["content_hash"] for one in documents}

    async def stream(self, space: str, batch: int = 2000) -> AsyncIterator[list[StoredEmbedding]]:
        after = ""
        while True:
            query = {"space": space, "reel_id": {"$gt": after}} if after else {"space": space}
            with self._mongo.answering(patient=True):
                documents = await self._embeddings.find(query).sort("reel_id", 1).limit(batch).to_list()
            if not documents:
                return
            after = documents[-1]["reel_id"]
            yield [from_document(one) for one in documents]


def _id(space: str, reel_id: str) -> str:
    return f"{reel_id}|{space}"


def to_document(space: str, row: StoredEmbedding) -> Document:
    """A vector as stored."""
    return {
        "_id": _id(space, row.reel_id),
        "reel_id": row.reel_id,
        "space": space,
        "content_hash": row.content_hash,
        "vector": np.ascontiguousarray(row.vector, dtype="<f4").tobytes(),
    }


def from_document(document: Document) -> StoredEmbedding:
    """The vector stored in a document; read-only float32."""
    vector = np.frombuffer(document["vector"], dtype="<f4")
    return StoredEmbedding(document["reel_id"], document["content_hash"], vector)
