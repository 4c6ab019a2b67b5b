"""What the stores can do, as protocols: one each, implemented in `stores/mongo` (the truth) and `stores/redis`
(rebuilt from MongoDB when lost). `wiring` brings them together; nothing else knows which database it talks to.

Every method raises `StoreUnavailable` when the store does not answer, and never half does its work.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.policy import Policy
from reels.core.types import (
    Admin,
    Event,
    EventKind,
    Failures,
    JobRun,
    Quota,
    Reel,
    ReelStatus,
    Revocation,
    ServedFeed,
    Session,
    Standing,
    Times,
    User,
)


@dataclass(frozen=True, slots=True)
class UpsertCounts:
    """What became of a batch of reels."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class StoredReel:
    """A reel as stored, with what the system added."""

    reel: Reel
    added_at: float
    """First seen by this system, epoch s."""
    updated_at: float
    """Last change of any kind, epoch s; never goes back."""
    content_hash: str
    """Of the cleaned text; the same text is embedded once."""


@dataclass(frozen=True, slots=True)
class InsertOutcome:
    """Which of the given events were stored and which had been there before, as indexes into the batch."""

    stored: tuple[int, ...]
    duplicates: tuple[int, ...]
    unreacted: tuple[int, ...] = ()
    """The stored event of each viewer that stands for all of theirs in the batch: unreacted until it is marked."""


@dataclass(frozen=True, slots=True)
class EventColumns:
    """n events as columns, for the jobs. `kind` holds positions in `tuple(EventKind)`; NaN = not given."""

    user_id: list[str]
    reel: Keys
    kind: NDArray[np.uint8]
    occurred_at: Times
    watch_sec: NDArray[np.float32]
    duration_sec: NDArray[np.float32]


class ReelStore(Protocol):
    """The catalogue."""

    async def upsert(self, reels: Sequence[Reel], now: float) -> UpsertCounts:
        """Writes what is new or differs. A blocked reel stays blocked: only `set_status` lifts that."""

    async def get(self, reel_ids: Sequence[str]) -> dict[str, StoredReel]:
        """The known ones among the ids."""

    async def set_status(self, reel_ids: Sequence[str], status: ReelStatus, now: float) -> int:
        """How many were changed."""

    async def touch(self, reel_ids: Sequence[str], now: float) -> int:
        """Lets `changed_since` answer these again, e.g. because they have an embedding now. How many there were."""

    async def changed_since(self, updated_at: float, limit: int) -> list[tuple[str, float]]:
        """(reel_id, updated_at) of what changed at or after a moment, oldest change first.

        Stamps are distinct but for writers at the same instant, who may also overtake each other: follow with
        `core.catalogue_changes`, which misses none.
        """

    def stream(self, batch: int = 2000) -> AsyncIterator[list[StoredReel]]:
        """The whole catalogue in `_id` order."""

    async def count(self) -> int: ...
    async def newest(self, before: float, limit: int, before_id: str = "") -> list[StoredReel]:
        """Active reels by publication (or arrival), newest first, strictly before a moment.

        To go on after a reel give its time and its id: else others of the very same moment would be passed over.
        """

    async def most_viewed(self, limit: int) -> list[StoredReel]:
        """Active reels by views, for the time before the first snapshot."""


@dataclass(frozen=True, slots=True)
class StoredEmbedding:
    """Vector of one reel's text in one space."""

    reel_id: str
    content_hash: str
    vector: NDArray[np.float32]


class EmbeddingStore(Protocol):
    """Text embeddings by (reel, space). A space names embedder, its version and the cleaning version."""

    async def put(self, space: str, rows: Sequence[StoredEmbedding]) -> None: ...
    async def get(self, space: str, reel_ids: Sequence[str]) -> dict[str, StoredEmbedding]: ...
    async def hashes(self, space: str) -> dict[str, str]:
        """reel_id -> content hash of what is embedded already."""

    def stream(self, space: str, batch: int = 2000) -> AsyncIterator[list[StoredEmbedding]]: ...


class UserStore(Protocol):
    """Viewers."""

    async def create(self, user: User) -> bool:
        """False when this viewer exists already (nothing changes)."""

    async def get(self, user_id: str) -> User | None: ...
    async def ensure(self, user_ids: Sequence[str], now: float) -> None:
        """Creates those that are not there yet, with nothing known of them but their id."""

    async def get_many(self, user_ids: Sequence[str]) -> dict[str, User]:
        """The known ones among the ids, for batch answers."""

    async def reset(self, user_id: str, now: float) -> None:
        """Start afresh: sets `reset_at`."""

    async def resets(self) -> dict[str, float]:
        """Everybody who ever started afresh, and when last (`reset_at`, epoch s)."""

    async def set_settings(self, user_id: str, region: str | None, language: str | None) -> None: ...
    async def count(self) -> int: ...


class InteractionStore(Protocol):
    """Everything viewers did. `_id` = `user_id:event_id`, so that nobody's id can shadow another's."""

    async def insert(self, events: Sequence[Event], received_at: float, *, reacted: bool = False) -> InsertOutcome:
        """Unordered and idempotent; returning means on disk (majority, journaled).

        Of each viewer with stored events one stays unreacted until it is marked; with `reacted`, none.
        """

    async def mark_reacted(self, marks: Mapping[str, Sequence[str]]) -> None:
        """Events by viewer: their reactions have run."""

    async def unreacted(self, older_than: float, limit: int) -> list[Event]:
        """Of batches received before `older_than` whose reactions are not known to have run, one event a viewer."""

    async def newest_of(self, user_id: str, limit: int, kinds: Sequence[EventKind] | None = None) -> list[Event]:
        """By `occurred_at`, newest first."""

    async def reels_of(self, user_id: str, limit: int) -> list[str]:
        """Distinct reels this viewer has any event with, at most `limit` newest."""

    def stream(self, batch: int = 50_000, before: float | None = None) -> AsyncIterator[EventColumns]:
        """All events received before a moment, as columns, in (user_id, occurred_at) order."""

    async def count(self) -> int: ...
    async def count_recent(self, since: float, until: float) -> list[tuple[str, str, str, int]]:
        """(reel_id, region, kind, n) of events received in [since, until); region is the viewer's, "" unknown."""

    async def impressions(self, reel_ids: Sequence[str]) -> dict[str, int]:
        """How often each reel was really shown."""


class FeedStore(Protocol):
    """Served pages; kept for a limited time."""

    async def record(self, feeds: Sequence[ServedFeed]) -> None:
        """Idempotent by feed_id."""

    async def get(self, feed_id: str) -> ServedFeed | None: ...
    async def recent_of(self, user_id: str, since: float, limit: int) -> list[ServedFeed]:
        """Newest first; without `inputs`, which are large."""

    async def count(self) -> int: ...


class PolicyStore(Protocol):
    """Policies by version; never changed, only added. The highest version is in force."""

    async def current(self) -> Policy | None: ...
    async def add(self, policy: Policy, now: float, author: str) -> Policy:
        """The policy with its new version."""

    async def get(self, version: int) -> Policy | None: ...
    async def history(self, limit: int) -> list[Policy]:
        """Newest first."""


class JobStore(Protocol):
    """Runs of the offline jobs and requests for one."""

    async def save(self, run: JobRun) -> None: ...
    async def recent(self, limit: int) -> list[JobRun]: ...
    async def request(self, job: str, now: float, author: str) -> str:
        """Asks the worker to run a job; the run id."""

    async def take_request(self, now: float) -> JobRun | None:
        """The oldest request nobody has taken, taken atomically."""


class AuditStore(Protocol):
    """What administrators did."""

    async def add(self, who: str, action: str, details: dict[str, Any], now: float) -> None: ...
    async def recent(self, limit: int) -> list[dict[str, Any]]: ...


class SessionStore(Protocol):
    """Families of refresh tokens, and what was revoked."""

    async def create(self, session: Session) -> None: ...
    async def get(self, session_id: str) -> Session | None: ...
    async def advance(self, session_id: str, generation: int, now: float, expires_at: float) -> bool:
        """The next generation, if `generation` is the newest one and the session is neither revoked nor expired.

        One of many that try at the same time gets True.
        """

    async def revoke(self, session_id: str, now: float, kept_until: float) -> None:
        """End one session. `revoked_since` tells it until `kept_until` (epoch s)."""

    async def revoke_all(self, subject: str, now: float, kept_until: float) -> int:
        """End every session of a viewer, and refuse every token it was given until now; how many sessions."""

    async def revoked_since(self, at: float, now: float) -> list[Revocation]:
        """Revocations of this moment or later that are still told at `now`, oldest first."""


class AdminStore(Protocol):
    """Administrators who sign in with a password, and failed attempts to."""

    async def create(self, admin: Admin) -> bool:
        """False when there is one of this name (nothing changes)."""

    async def get(self, name: str) -> Admin | None: ...
    async def everyone(self) -> list[Admin]:
        """By name."""

    async def set_password(self, name: str, password_hash: str, now: float) -> bool:
        """False when there is nobody of this name."""

    async def set_disabled(self, name: str, at: float | None) -> bool:
        """Since when this one may not sign in; None = may. False when there is nobody of this name."""

    async def failures(self, key: str) -> Failures: ...
    async def count_failure(self, key: str, before: Failures, now: float, kept_until: float) -> bool:
        """One more than `before`; False when it is not `before` any more: of many at once one gets True."""

    async def clear_failures(self, keys: Sequence[str]) -> None: ...


class BucketStore(Protocol):
    """Token buckets, shared by all API workers."""

    async def take(self, key: str, quota: Quota, cost: int) -> Standing:
        """Take `cost` requests out of the bucket, all or none; one round trip."""


@dataclass(frozen=True, slots=True)
class ViewerCache:
    """All that Redis holds of one viewer, from one round trip; None or empty = not there."""

    state: bytes | None = None
    seen: Keys | None = None
    """None = lost or never written: rebuild from MongoDB."""
    served: Keys = field(default_factory=lambda: np.empty(0, np.int64))
    candidates: bytes | None = None
    page: bytes | None = None
    policy_version: int | None = None
    generation: int = 0
    """How often the state was dropped lately; who rebuilds it says which one the rebuild is of."""


class ViewerStore(Protocol):
    """The hot side of a viewer, in Redis; everything here can be rebuilt."""

    async def read(self, user_id: str, feed_id: str = "") -> ViewerCache:
        """One round trip. With `feed_id` also the page already answered under it."""

    async def update_state(self, user_id: str, fold: "StateFold") -> bool:
        """Replace the state by `fold(current bytes)` unless it changed meanwhile (optimistic, retried).

        False = there is no state to update (it is rebuilt at the next read) or writers kept colliding, and then
        the state has been dropped, so that the next read rebuilds it.
        """

    async def put_state(
        self, user_id: str, state: bytes, *, only_if_absent: bool, generation: int | None = None
    ) -> bool:
        """False = not kept. Give the `generation` read before MongoDB was: else a rebuild begun before "start afresh"
        may put the old state back."""

    async def drop_state(self, user_ids: Sequence[str]) -> None:
        """State, seen and candidates of these viewers, to be rebuilt from MongoDB."""

    async def add_seen(self, user_id: str, keys: Keys) -> bool:
        """Only appends to an existing set. False = there is none: it is rebuilt whole and given to `put_seen`."""

    async def put_seen(self, user_id: str, keys: Keys, *, generation: int | None = None) -> bool:
        """Adds to what is there or makes the set. Never replaces: two rebuilds that race must not lose a reel.

        Oldest first: a set grown too long loses its beginning. `generation` as in `put_state`.
        """

    async def put_candidates(self, user_id: str, packed: bytes, ttl_sec: float) -> None: ...
    async def drop_candidates(self, user_id: str) -> None: ...
    async def claim_build(self, user_id: str, ttl_sec: float) -> bool:
        """True for one caller at a time: that one builds the candidates."""

    async def put_page(self, user_id: str, feed_id: str, page: bytes, shown: Keys) -> bytes:
        """Keep an answered page for retries and remember what it showed. One round trip.

        The page that is kept: the first one wins when two requests for the same page race.
        """


class StateFold(Protocol):
    """Current packed state -> new packed state; None in = none there; None out = leave it."""

    def __call__(self, packed: bytes | None, /) -> bytes | None: ...


class SignalStore(Protocol):
    """Signals shared by all API workers: trending and trials, the policy in force."""

    async def put_signals(self, name: str, packed: bytes) -> None: ...
    async def get_signals(self, names: Sequence[str]) -> dict[str, bytes]: ...
    async def set_policy_version(self, version: int) -> None: ...
    async def ping(self) -> None: ...
