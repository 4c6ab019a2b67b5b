"""How a reel looks in the collection `reels`: the catalogue's columns, and what this system added.

Added: `added_at`, `updated_at`, `fresh_at` (publication, else arrival: what "newest" goes by), and `text`, the cleaned
words with the cleaning's version and their hash. What is not known is stored as null, so that it reads as asked.
"""

from dataclasses import asdict

from reels.core.ports import StoredReel
from reels.core.types import Reel, ReelStats, ReelStatus
from reels.learning.preprocessing import CLEANING_VERSION, clean, content_hash
from reels.stores.mongo.connect import Document
from reels.stores.mongo.plain import known_fields, plain

STORED: Document = {"text.title": 0, "text.tags": 0}
"""Projection for `from_document`: all but the cleaned words."""


def described(reel: Reel, added_at: float) -> Document:
    """Everything in a reel's document that follows from the reel; without `_id` and `updated_at`."""
    document: Document = plain(asdict(reel))
    del document["reel_id"]
    cleaned = clean(reel.title, reel.tags)
    document["fresh_at"] = added_at if reel.published_at is None else reel.published_at
    document["added_at"] = added_at
    document["text"] = {
        "title": cleaned.title,
        "tags": list(cleaned.tags),
        "cleaning": CLEANING_VERSION,
        "hash": content_hash(cleaned),
    }
    return document


def from_document(document: Document) -> StoredReel:
    """The reel stored in a document."""
    values = known_fields(Reel, document)
    values["reel_id"] = document["_id"]
    values["tags"] = tuple(values.get("tags", ()))
    values["status"] = ReelStatus(values.get("status", ReelStatus.ACTIVE))
    values["stats"] = ReelStats(**known_fields(ReelStats, values.get("stats", {})))
    return StoredReel(Reel(**values), document["added_at"], document["updated_at"], document["text"]["hash"])
