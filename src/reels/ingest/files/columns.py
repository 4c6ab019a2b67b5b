"""Which column of a file is which field, by name. The documented names come first; the others are as published
data sets and video sites call them. Names are compared in lower case.
"""

from collections.abc import Mapping
from typing import Any

REEL_COLUMNS: dict[str, tuple[str, ...]] = {
    "video_id": ("video_id", "reel_id", "id", "item", "item_id"),
    "title": ("title", "caption", "name"),
    "tags": ("tags", "hashtags", "tag"),
    "duration_sec": ("duration_sec", "duration", "duration_seconds"),
    "views": ("views", "view_count", "play_cnt"),
    "likes": ("likes", "like_count", "like_cnt"),
    "comments": ("comments", "comment_count", "comment_cnt"),
    "retention_rate": ("retention_rate", "retention"),
    "first_3_sec_engagement": ("first_3_sec_engagement", "first_3s_engagement"),
    "creator_id": ("creator_id", "author_id", "channel_id", "channel_title", "creator"),
    "published_at": ("published_at", "publish_time", "upload_dt", "created_at"),
    "language": ("language", "lang"),
    "region": ("region", "country"),
    "media_url": ("media_url", "video_url"),
    "poster_url": ("poster_url", "thumbnail_link", "thumbnail_url"),
    "status": ("status",),
}

EVENT_COLUMNS: dict[str, tuple[str, ...]] = {
    "event_id": ("event_id",),
    "user_id": ("user_id", "viewer_id", "user"),
    "reel_id": ("reel_id", "video_id", "item_id", "item"),
    "kind": ("kind", "event", "event_type", "action"),
    "occurred_at": ("occurred_at", "timestamp", "time", "ts", "time_ms"),
    "watch_sec": ("watch_sec", "watch_time", "watch_seconds"),
    "duration_sec": ("duration_sec", "duration"),
    "feed_id": ("feed_id",),
    "position": ("position", "rank"),
}


class ColumnMap:
    """Finds fields in rows; made once for a file's columns."""

    def __init__(self, known: Mapping[str, tuple[str, ...]]) -> None:
        self._known = known
        self._found: dict[str, str] = {}
        self._columns: frozenset[str] = frozenset()

    def fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The row's known fields under their documented names; columns nobody knows are left out."""
        if values.keys() != self._columns:  # JSONL rows may differ from each other
            self._columns = frozenset(values)
            self._found = {
                name: next(alias for alias in aliases if alias in values)
                for name, aliases in self._known.items()
                if any(alias in values for alias in aliases)
            }
        return {name: values[column] for name, column in self._found.items()}

    def names_of(self, field: str) -> tuple[str, ...]:
        """The column names a field may have."""
        return self._known[field]
