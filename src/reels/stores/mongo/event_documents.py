"""How an event looks in the collection `interactions`.

`_id` is `user_id:event_id`, with `:` and `%` in the user id escaped, so that nobody's id can shadow another's. What is
not known is left out. `region` is the viewer's at the time. `unreacted: true` stands in one event of each viewer of a
batch until the reactions have run: they are made good by rebuilding the viewer, so one says as much as all.
"""

from typing import Final
from urllib.parse import quote

import numpy as np

from reels.core.keys import key_of
from reels.core.ports import EventColumns
from reels.core.types import Event, EventKind
from reels.stores.mongo.connect import Document

COLUMNS: Final[Document] = {
    "_id": 0,
    "user_id": 1,
    "reel_id": 1,
    "kind": 1,
    "occurred_at": 1,
    "watch_sec": 1,
    "duration_sec": 1,
}
"""Projection for `columns`; all of it is in the index `timeline`."""

_KIND_CODE: Final = {str(kind): code for code, kind in enumerate(EventKind)}


def event_key(user_id: str, event_id: str) -> str:
    """The `_id` of a viewer's event."""
    if ":" in user_id or "%" in user_id:
        user_id = quote(user_id, safe="")
    return f"{user_id}:{event_id}"


def to_document(event: Event, received_at: float) -> Document:
    """An event as stored, its reactions having run."""
    document: Document = {
        "_id": event_key(event.user_id, event.event_id),
        "user_id": event.user_id,
        "reel_id": event.reel_id,
        "kind": event.kind.value,
        "occurred_at": event.occurred_at,
        "received_at": received_at,
    }
    if event.watch_sec is not None:
        document["watch_sec"] = event.watch_sec
    if event.duration_sec is not None:
        document["duration_sec"] = event.duration_sec
    if event.position is not None:
        document["position"] = event.position
    if event.feed_id:
        document["feed_id"] = event.feed_id
    if event.creator_id:
        document["creator_id"] = event.creator_id
    if event.region:
        document["region"] = event.region
    return document


def from_document(document: Document) -> Event:
    """The event stored in a document."""
    return Event(
        event_id=document["_id"].split(":", 1)[1],
        user_id=document["user_id"],
        reel_id=document["reel_id"],
        kind=EventKind(document["kind"]),
        occurred_at=document["occurred_at"],
        watch_sec=document.get("watch_sec"),
        duration_sec=document.get("duration_sec"),
        feed_id=document.get("feed_id", ""),
        position=document.get("position"),
        creator_id=document.get("creator_id", ""),
        region=document.get("region", ""),
    )


def columns(documents: list[Document], key_by_reel: dict[str, int]) -> EventColumns:
    """Documents read with the projection `COLUMNS`, as columns. `key_by_reel` remembers keys between batches."""
    reel_ids = [one["reel_id"] for one in documents]
    for reel_id in set(reel_ids).difference(key_by_reel):
        key_by_reel[reel_id] = key_of(reel_id)
    n = len(documents)
    return EventColumns(
        user_id=[one["user_id"] for one in documents],
        reel=np.fromiter((key_by_reel[reel_id] for reel_id in reel_ids), np.int64, n),
        kind=np.fromiter((_KIND_CODE[one["kind"]] for one in documents), np.uint8, n),
        occurred_at=np.fromiter((one["occurred_at"] for one in documents), np.float64, n),
        # Not in the document -> None -> NaN.
        watch_sec=np.array([one.get("watch_sec") for one in documents], np.float32),
        duration_sec=np.array([one.get("duration_sec") for one in documents], np.float32),
    )
