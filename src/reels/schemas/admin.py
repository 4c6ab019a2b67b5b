"""What operators see and change."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from reels.schemas.events import RejectionOut

_SUM_TOLERANCE = 1e-6


class WeightsModel(BaseModel):
    """Weights of the four parts of the score; they sum to 1."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"content": 0.5, "cf": 0.3, "popularity": 0.1, "exploration": 0.1}]},
    )

    content: float = Field(ge=0, le=1)
    cf: float = Field(ge=0, le=1)
    popularity: float = Field(ge=0, le=1)
    exploration: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _sums_to_one(self) -> "WeightsModel":
        total = self.content + self.cf + self.popularity + self.exploration
        if abs(total - 1) > _SUM_TOLERANCE:
            raise ValueError(f"the weights sum to {total:g}, not to 1")
        return self


class PolicyIn(BaseModel):
    """Changes to the policy; what is left out stays as it is. Makes a new version, in force at once."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,  # `true` is not the number 1
        json_schema_extra={"examples": [{"epsilon": 0.2, "note": "more exploration this week"}]},
    )

    name: str | None = Field(None, pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    weights: WeightsModel | None = None
    ranker: Literal["blend", "learned"] | None = None
    normalisation: Literal["max", "sum", "z", "rank", "none"] | None = None
    popularity_half_life_days: float | None = Field(None, ge=0, le=10_000)
    popularity_penalty: float | None = Field(None, ge=0, le=10)
    epsilon: float | None = Field(None, ge=0.1, le=0.2)
    trending_boost: float | None = Field(None, ge=0, le=1)
    new_creator_boost: float | None = Field(None, ge=0, le=1)
    fair_trial_impressions: int | None = Field(None, ge=1, le=100_000)
    max_per_creator: int | None = Field(None, ge=1, le=10)
    max_per_topic: int | None = Field(None, ge=1, le=10)
    max_on_trial: int | None = Field(None, ge=0, le=10)
    reserved_on_trial: int | None = Field(None, ge=0, le=5)
    diversity: float | None = Field(None, ge=0, le=1)
    candidates: int | None = Field(None, ge=200, le=480)
    note: str | None = Field(None, max_length=500)


class PolicyOut(BaseModel):
    """A policy as kept; never changed, only followed by another version."""

    name: str
    version: int = Field(examples=[3])
    weights: WeightsModel
    ranker: str
    normalisation: str
    popularity_half_life_days: float
    popularity_penalty: float
    epsilon: float = Field(examples=[0.15])
    trending_boost: float
    new_creator_boost: float
    fair_trial_impressions: int
    max_per_creator: int
    max_per_topic: int
    max_on_trial: int
    reserved_on_trial: int
    diversity: float
    candidates: int
    created_at: str = Field(description="ISO 8601, UTC; empty: the built-in policy.")
    created_by: str
    note: str


class PolicyHistory(BaseModel):
    """Policies, newest first."""

    policies: list[PolicyOut]


class ReelsIn(BaseModel):
    """Reels to add or change, and ids to take off the feed or put back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "reels": [{"reel_id": "reel-09001", "title": "Bread, from flour to crust", "tags": ["food"],
                               "creator_id": "creator_aminata_gg", "duration_sec": 21, "region": "FR",
                               "language": "fr"}],
                    "block": ["reel-00042"],
                    "unblock": [],
                }
            ]
        },
    )  # fmt: skip

    reels: list[Any] = Field(
        [],
        max_length=2000,
        description="Objects with the catalogue's columns: reel_id (or video_id), title, tags, duration_sec, "
        "creator_id, published_at, language, region, media_url, poster_url, status, views, likes, comments, "
        "retention_rate, first_3_sec_engagement. One that can't be read is rejected alone.",
    )
    block: list[str] = Field([], max_length=2000)
    unblock: list[str] = Field([], max_length=2000)


class ReelsOut(BaseModel):
    """What became of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"new": 1, "updated": 0, "unchanged": 0, "blocked": 1, "unblocked": 0, "rejected": []}]
        }
    )

    new: int
    updated: int
    unchanged: int
    blocked: int
    unblocked: int
    rejected: list[RejectionOut] = Field(description="By index in `reels`.")


class JobOut(BaseModel):
    """One run of a job."""

    run_id: str
    job: str = Field(examples=["embeddings"])
    started_at: str
    finished_at: str | None
    outcome: str = Field(examples=["done"])
    details: dict[str, Any]


class JobsOut(BaseModel):
    """Runs, newest first, and the jobs there are."""

    jobs: list[str] = Field(examples=[["embeddings", "snapshot"]])
    runs: list[JobOut]


class JobRequested(BaseModel):
    """The worker will take it; look for the run id in `GET /admin/jobs`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"run_id": "6f2b0c", "job": "snapshot"}]})

    run_id: str
    job: str


class SnapshotStats(BaseModel):
    """The models this API process has in use."""

    version: str
    created_at: str
    rows: int
    metrics: dict[str, float]


class StatsOut(BaseModel):
    """How much there is."""

    reels: int
    viewers: int
    events: int
    feeds: int
    snapshot: SnapshotStats | None
    policy: PolicyOut
    stale_viewers: int = Field(description="Viewers read from MongoDB until Redis has been put right.")
    jobs: list[JobOut]


class ExplainedFeed(BaseModel):
    """A served page with everything that went into it."""

    feed_id: str
    user_id: str
    served_at: str
    seed: int
    state_digest: str
    policy: dict[str, Any]
    snapshot: str
    degraded: list[str]
    timings_ms: dict[str, float]
    query: dict[str, Any]
    replayed: bool | None = Field(description="Computed again, it comes out the same; null: its models are gone.")
    items: list[dict[str, Any]] = Field(description="In order of showing: scores, parts, boosts, propensity, sources.")


class AuditOut(BaseModel):
    """What administrators did, newest first."""

    entries: list[dict[str, Any]]
