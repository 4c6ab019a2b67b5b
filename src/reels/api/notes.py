"""What a request turned out to be, noted by its route for the log line, the metrics and the trace."""

import time
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope

from reels.core.types import IngestReceipt
from reels.recommender.note import PageNote

NOTES = "reels.notes"
"""Where the middleware keeps the notes in the ASGI scope."""


@dataclass(slots=True)
class Notes:
    """Never an address, a path, a token, a viewer or a title."""

    fields: dict[str, Any] = field(default_factory=dict)
    """For the log line."""
    at_ns: int = 0
    """When the stages had ended (epoch ns)."""
    page: PageNote | None = None
    receipt: IngestReceipt | None = None

    def of_page(self, note: PageNote) -> None:
        """A page is about to be answered."""
        self.page, self.at_ns = note, time.time_ns()
        self.fields = {"feed_id": note.feed_id, "degraded": note.degraded, "stages_ms": note.timings_ms}
        if note.again:
            self.fields["again"] = True

    def of_receipt(self, receipt: IngestReceipt) -> None:
        """Events are about to be acknowledged."""
        self.receipt, self.at_ns = receipt, time.time_ns()
        self.fields = {
            "stored": receipt.stored,
            "duplicates": receipt.duplicates,
            "rejected": len(receipt.rejected),
            "reacted": receipt.reacted,
            "stages_ms": receipt.timings_ms,
        }

    @property
    def stages_ms(self) -> dict[str, float]:
        """By stage, in the order they ran, and `total`; empty where the route has no stages."""
        return dict(self.fields.get("stages_ms", {}))

    def attributes(self, request_id: str, route: str) -> dict[str, Any]:
        """For the span."""
        told: dict[str, Any] = {"http.route": route, "reels.request_id": request_id}
        if self.page is not None:
            told |= {"reels.feed_id": self.page.feed_id, "reels.degraded": self.page.degraded}
        if self.receipt is not None:
            told["reels.events.stored"] = self.receipt.stored
        return told


def notes_of(scope: Scope) -> Notes:
    """The notes of this request."""
    notes: Notes = scope.setdefault(NOTES, Notes())
    return notes
