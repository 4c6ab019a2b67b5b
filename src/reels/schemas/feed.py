"""A page of the feed on the wire. Pages are put together as bytes; these models say what is in them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reels.schemas.reel import EXAMPLE_REEL, ReelOut

EXAMPLE_PAGE: dict[str, Any] = {
    "feed_id": "f_5b1c9d0e7a3f",
    "items": [
        {
            **EXAMPLE_REEL,
            "score": 0.73,
            "parts": {"content": 0.92, "cf": 0.61, "popularity": 0.4, "exploration": 0.27},
            "contributions": {"content": 0.46, "cf": 0.183, "popularity": 0.04, "exploration": 0.027},
            "boosts": {"trending": 0.02},
            "reasons": ["Because you watched “The last tram home” to the end"],
            "reason_codes": ["watched_to_end|The last tram home"],
            "explored": False,
            "propensity": 0.87,
            "sources": ["content", "item_cf"],
        }
    ],
    "next_cursor": "AbC-dEf_123",
    "policy": {"name": "documented", "version": 3},
    "snapshot": "20260101T000000-1a2b3c",
    "degraded": [],
}


class FeedItem(ReelOut):
    """One place on a page: the reel, why it is there and how it got there."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLE_PAGE["items"]})

    score: float = Field(description="What it was ranked by: the weighted parts, and boosts.")
    parts: dict[str, float] = Field(description="The parts of the score, each 0..1, unweighted.")
    contributions: dict[str, float] = Field(description="What each part adds to the score: its weight times the part.")
    boosts: dict[str, float] = Field(description="What was added on top: contributions and boosts sum to the score.")
    reasons: list[str] = Field(description="Why it is shown, in words.")
    reason_codes: list[str] = Field(description="Of each reason, `code` or `code|parameter`, for your own words.")
    explored: bool = Field(description="Drawn by chance, to learn.")
    propensity: float = Field(description="Probability that this reel was shown at this place, given those above it.")
    sources: list[str] = Field(description="Which sources of candidates found it.")


class PolicyRef(BaseModel):
    """The policy a page was made with."""

    name: str
    version: int


class FeedPageOut(BaseModel):
    """A page. Ask for the next with `next_cursor`; null: there is no more."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_PAGE]})

    feed_id: str
    items: list[FeedItem]
    next_cursor: str | None
    policy: PolicyRef
    snapshot: str = Field(description="Version of the models; empty before the first.")
    degraded: list[str] = Field(description="What the page had to do without; empty when all went well.")
