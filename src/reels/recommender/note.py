"""What became of one request for a page, for logs, metrics and traces."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageNote:
    """Nothing in it tells who asked or what was shown."""

    feed_id: str
    degraded: tuple[str, ...]
    timings_ms: Mapping[str, float]
    """By stage, in the order they ran, and `total`."""
    again: bool
    """The page had been answered before (a retry)."""
    viewer_kept: bool
    """Redis had the viewer; else it came from MongoDB."""


def unnoted(_note: PageNote) -> None:
    """Nobody wants to know."""
