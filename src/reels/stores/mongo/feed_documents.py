"""How a served page looks in the collection `feeds`.

`served_at` is a date, because MongoDB expires by dates; the exact time is `page.served_at` (epoch s). Seeds are text:
they may be larger than 64 bits.
"""

from dataclasses import asdict
from datetime import UTC, datetime

from reels.core.types import FeedPage, FeedQuery, RankedReel, ServedFeed
from reels.stores.mongo.connect import Document
from reels.stores.mongo.plain import known_fields, plain


def to_document(feed: ServedFeed) -> Document:
    """A served page as stored."""
    page: Document = plain(asdict(feed.page))
    query: Document = plain(asdict(feed.query))
    for part in (page, query):
        part["seed"] = str(part["seed"])
    return {
        "_id": page.pop("feed_id"),
        "user_id": page.pop("user_id"),
        "served_at": datetime.fromtimestamp(feed.page.served_at, UTC),
        "page": page,
        "query": query,
        "inputs": feed.inputs,
    }


def from_document(document: Document) -> ServedFeed:
    """The page stored in a document; `inputs` empty when they were not read."""
    page = known_fields(FeedPage, document["page"])
    page |= {
        "feed_id": document["_id"],
        "user_id": document["user_id"],
        "seed": int(page["seed"]),
        "items": tuple(RankedReel(**_with_tuples(known_fields(RankedReel, item))) for item in page["items"]),
    }
    page = _with_tuples(page)
    query = _with_tuples(known_fields(FeedQuery, document["query"]))
    query["seed"] = int(query["seed"])
    return ServedFeed(FeedPage(**page), FeedQuery(**query), bytes(document.get("inputs", b"")))


def _with_tuples(values: Document) -> Document:
    """BSON has lists only; frozen types have tuples only."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
