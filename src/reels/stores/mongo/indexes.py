"""Every index, beside the reason it is there. Making them is idempotent."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import OperationFailure

from reels.stores.mongo.connect import Document, Mongo

REELS, EMBEDDINGS, USERS, INTERACTIONS = "reels", "embeddings", "users", "interactions"
FEEDS, POLICIES, JOBS, AUDIT = "feeds", "policies", "jobs", "audit"
SESSIONS, REVOCATIONS, ADMINS, FAILURES = "sessions", "revocations", "admins", "failures"

_OPTIONS_CHANGED = {85, 86}  # IndexOptionsConflict, IndexKeySpecsConflict
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Index:
    """One index of one collection."""

    collection: str
    name: str
    keys: Sequence[tuple[str, int]]
    only: Document = field(default_factory=dict)
    """Partial: only documents like this."""
    expire_sec: int | None = None


def indexes(feeds_kept_days: int) -> tuple[Index, ...]:
    """All of them."""
    up, down = ASCENDING, DESCENDING
    return (
        Index(REELS, "changes", [("updated_at", up), ("_id", up)]),
        Index(REELS, "newest", [("status", up), ("fresh_at", down), ("_id", down)]),
        Index(REELS, "most_viewed", [("status", up), ("stats.views", down)]),
        # Covers `hashes`; serves `stream` in reel order.
        Index(EMBEDDINGS, "space", [("space", up), ("reel_id", up), ("content_hash", up)]),
        # Covers `stream` and `reels_of`: no document is read.
        Index(
            INTERACTIONS,
            "timeline",
            [
                *(("user_id", up), ("occurred_at", up), ("received_at", up), ("reel_id", up)),
                *(("kind", up), ("watch_sec", up), ("duration_sec", up)),
            ],
        ),
        # Covers `count_recent`.
        Index(INTERACTIONS, "recent", [("received_at", up), ("reel_id", up), ("region", up), ("kind", up)]),
        # Covers `impressions`.
        Index(INTERACTIONS, "impressions", [("reel_id", up), ("kind", up)], only={"kind": "impression"}),
        # Tiny: an event is in it only until its reactions have run.
        Index(INTERACTIONS, "unreacted", [("unreacted", up), ("received_at", up)], only={"unreacted": True}),
        # Serves `resets`: few viewers ever start afresh.
        Index(USERS, "resets", [("reset_at", up)], only={"reset_at": {"$gt": 0}}),
        Index(FEEDS, "of_user", [("user_id", up), ("served_at", down)]),
        Index(FEEDS, "expiry", [("served_at", up)], expire_sec=feeds_kept_days * _SECONDS_A_DAY),
        Index(JOBS, "recent", [("started_at", down)]),
        Index(JOBS, "waiting", [("outcome", up), ("started_at", up)]),
        Index(AUDIT, "recent", [("at", down)]),
        Index(SESSIONS, "of_user", [("user_id", up), ("revoked_at", up)]),
        # `until` is a date: each document names its own end.
        Index(SESSIONS, "expiry", [("until", up)], expire_sec=0),
        Index(REVOCATIONS, "recent", [("at", up)]),
        Index(REVOCATIONS, "expiry", [("until", up)], expire_sec=0),
        Index(FAILURES, "expiry", [("until", up)], expire_sec=0),
    )


async def ensure_indexes(mongo: Mongo, feeds_kept_days: int = 30, timeout_sec: float = 600.0) -> None:
    """Make what is missing, and make anew what was made otherwise (another lifetime of feeds, say)."""
    await mongo.ping()  # else a server that is not there would be waited for as long as for a large index
    for index in indexes(feeds_kept_days):
        await ensure_index(mongo, index, timeout_sec)


async def ensure_index(mongo: Mongo, index: Index, timeout_sec: float = 600.0) -> None:
    """Make one of them."""
    collection = mongo.collection(index.collection)
    model = _model(index)
    with mongo.answering(timeout_sec=timeout_sec):
        try:
            await collection.create_indexes([model])
        except OperationFailure as error:
            if error.code not in _OPTIONS_CHANGED:
                raise
            await collection.drop_index(index.name)
            await collection.create_indexes([model])


def _model(index: Index) -> IndexModel:
    options: Document = {"name": index.name}
    if index.only:
        options["partialFilterExpression"] = index.only
    if index.expire_sec is not None:
        options["expireAfterSeconds"] = index.expire_sec
    return IndexModel(list(index.keys), **options)
