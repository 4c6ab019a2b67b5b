"""A batch of events on the wire. `ingest.wire_event` reads them; these models say what it takes."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reels.core.types import EventKind, IngestReceipt
from reels.ingest.wire_event import MAX_EVENTS

EXAMPLE_BATCH: dict[str, Any] = {
    "events": [
        {
            "event_id": "e-01J9ZK3T8W",
            "reel_id": "reel-00013",
            "kind": "watch",
            "occurred_at": 1767225600000,
            "watch_sec": 55,
            "duration_sec": 55,
            "feed_id": "f_5b1c9d0e7a3f",
            "position": 0,
        },
        {"event_id": "e-01J9ZK3T8X", "reel_id": "reel-00013", "kind": "like", "occurred_at": "2026-01-01T00:00:15Z"},
    ]
}
EXAMPLE_RECEIPT: dict[str, Any] = {
    "stored": 1,
    "duplicates": 1,
    "rejected": [{"index": 2, "reason": "reel_id: no such reel"}],
}


class EventIn(BaseModel):
    """One thing the viewer did. Sent again with the same `event_id` it counts once."""

    event_id: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="Made by the client, once for each event.")
    reel_id: str
    kind: EventKind
    occurred_at: int | float | str = Field(
        description="Epoch milliseconds, or ISO 8601 with an offset; at most 30 days ago and 5 minutes ahead."
    )
    watch_sec: float | None = Field(None, ge=0, le=86_400, description="How long it was watched, loops included.")
    duration_sec: float | None = Field(None, ge=0, le=86_400, description="Left out: the catalogue's.")
    feed_id: str | None = Field(None, description="The page it was on.")
    position: int | None = Field(None, ge=0, description="Place on that page, from 0.")


class EventBatch(BaseModel):
    """At most 500 events of one viewer, in any order."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_BATCH]})

    events: list[EventIn] = Field(max_length=MAX_EVENTS)


class RejectionOut(BaseModel):
    """One event that was not taken. Sending it again as it is will not help."""

    index: int
    reason: str


class Receipt(BaseModel):
    """What became of a batch: every event is stored, a duplicate or rejected."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_RECEIPT]})

    stored: int = Field(description="On disk now, and obeyed by the next page.")
    duplicates: int = Field(description="Were there before.")
    rejected: list[RejectionOut]


def receipt_of(receipt: IngestReceipt) -> dict[str, Any]:
    """A receipt as it is answered."""
    return {
        "stored": receipt.stored,
        "duplicates": receipt.duplicates,
        "rejected": [{"index": one.index, "reason": one.reason} for one in receipt.rejected],
    }
