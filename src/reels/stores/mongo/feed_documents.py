"""How a served page looks in the collection `feeds`.

`served_at` is a date, because MongoDB expires by dates; the exact time is `page.served_at` (epoch s). Seeds are text:
they may be larger than 64 bits.
"""

from dataclasses import fields, replace
from datetime import UTC, datetime

from reels.core.types import FeedPage, FeedQuery, RankedReel, ServedFeed
from reels.stores.mongo.connect import Document
from reels.stores.mongo.plain import known_fields, plain

_OF_PAGE = tuple(one.name for one in fields(FeedPage))
_OF_ITEM = tuple(one.name for one in fields(RankedReel))
_OF_QUERY = tuple(one.name for one in fields(FeedQuery))


def to_document(feed: ServedFeed) -> Document:
    """A served page as stored."""
    page = _document_of(replace(feed.page, items=()), _OF_PAGE)
    page["items"] = [_document_of(item, _OF_ITEM) for item in feed.page.items]
    query = _document_of(feed.query, _OF_QUERY)
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


def _document_of(one: FeedPage | RankedReel | FeedQuery, names: tuple[str, ...]) -> Document:
    """Its fields by name. (`dataclasses.asdict` copies every number on the way: half a millisecond a page.)"""
    return {name: plain(getattr(one, name)) for name in names}


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
