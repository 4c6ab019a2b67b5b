"""What a viewer sees of what is kept about them."""

from pydantic import BaseModel, ConfigDict, Field

from reels.core.types import EventKind
from reels.schemas.auth import Language, Region
from reels.schemas.reel import EXAMPLE_REEL, ReelOut


class HistoryItem(BaseModel):
    """One thing the viewer did."""

    reel_id: str
    title: str
    kind: EventKind
    occurred_at: str = Field(description="ISO 8601, UTC.")


class ProfileOut(BaseModel):
    """All that is kept about a viewer, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u_mfrggzdfmztwq2lknnwg23tpoa",
                    "region": "IN",
                    "language": "hi",
                    "liked": [EXAMPLE_REEL],
                    "saved": [],
                    "history": [
                        {
                            "reel_id": "reel-00013",
                            "title": "Slugs 1, garlic 0… tell me I'm wrong",
                            "kind": "like",
                            "occurred_at": "2026-01-01T00:00:15.000Z",
                        }
                    ],
                    "following": ["creator_seedlings_jude"],
                    "blocked": [],
                }
            ]
        }
    )

    user_id: str
    region: str
    language: str
    liked: list[ReelOut]
    saved: list[ReelOut]
    history: list[HistoryItem]
    following: list[str] = Field(description="Creators.")
    blocked: list[str] = Field(description="Creators.")


class PlaceIn(BaseModel):
    """Where a viewer is and what they understand; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"region": "IN"}]})

    region: Region | None = None
    language: Language | None = None


class PlaceOut(BaseModel):
    """As it is now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"region": "IN", "language": "hi"}]})

    region: str
    language: str


class ResetOut(BaseModel):
    """From when on the feed learns again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reset_at": "2026-01-01T00:00:15.000Z"}]})

    reset_at: str
