"""A reel on the wire."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE_REEL: dict[str, Any] = {
    "reel_id": "r_000042",
    "title": "Stars over a quiet road",
    "tags": ["night", "calm"],
    "creator_id": "c_017",
    "duration_sec": 14.5,
    "media_url": "/media/r_000042.mp4",
    "poster_url": "/media/r_000042.jpg",
}


class ReelOut(BaseModel):
    """Public fields of a reel."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_REEL]})

    reel_id: str
    title: str = ""
    tags: list[str] = []
    creator_id: str = Field("", description="Empty: not known.")
    duration_sec: float | None = None
    media_url: str = ""
    poster_url: str = ""
