"""A reel on the wire."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE_REEL: dict[str, Any] = {
    "reel_id": "reel-00013",
    "title": "Slugs 1, garlic 0… tell me I'm wrong",
    "tags": ["gardening", "houseplants"],
    "creator_id": "creator_seedlings_jude",
    "duration_sec": 55.0,
    "media_url": "/media/reel-00013.mp4",
    "poster_url": "/media/reel-00013.jpg",
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
