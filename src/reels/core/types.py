"""The nouns. Frozen and slotted; columns rather than rows where there are many."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import NO_KEYS, Keys

Rows = NDArray[np.int32]
"""Positions of reels in the models in use; meaningless with other models."""
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
Times = NDArray[np.float64]
"""Seconds since the Unix epoch, UTC."""


class EventKind(StrEnum):
    """What a viewer did. `impression` = the reel was really on the screen."""

    IMPRESSION = "impression"
    WATCH = "watch"
    LIKE = "like"
    UNLIKE = "unlike"
    SAVE = "save"
    UNSAVE = "unsave"
    SHARE = "share"
    SKIP = "skip"
    NOT_INTERESTED = "not_interested"
    UNDO_NOT_INTERESTED = "undo_not_interested"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    BLOCK = "block"
    UNBLOCK = "unblock"


class ReelStatus(StrEnum):
    """Only `active` reels are recommended; `blocked` is the operator's word, `removed` the creator's."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ReelStats:
    """Counters and rates of the catalogue. Rates are in 0..1; None = not known."""

    views: int = 0
    likes: int = 0
    comments: int = 0
    retention_rate: float | None = None
    first_3_sec_engagement: float | None = None


@dataclass(frozen=True, slots=True)
class Reel:
    """One short video of the catalogue. Times are epoch seconds, UTC; "" = not known."""

    reel_id: str
    title: str = ""
    tags: tuple[str, ...] = ()
    duration_sec: float | None = None
    creator_id: str = ""
    published_at: float | None = None
    language: str = ""
    region: str = ""
    media_url: str = ""
    poster_url: str = ""
    status: ReelStatus = ReelStatus.ACTIVE
    stats: ReelStats = field(default_factory=ReelStats)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a viewer did. `event_id` is made by the client: the same id again is the same event.

    `creator_id` is filled in by ingest for follow, unfollow, block and unblock (the reel's creator), and `region`
    for all (the viewer's own at that time, "" = not known): trending is counted by it.
    """

    event_id: str
    user_id: str
    reel_id: str
    kind: EventKind
    occurred_at: float
    watch_sec: float | None = None
    duration_sec: float | None = None
    feed_id: str = ""
    position: int | None = None
    creator_id: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """A viewer. `user_id` is a keyed pseudonym; nothing else about a person is kept."""

    user_id: str
    created_at: float
    region: str = ""
    language: str = ""
    key_id: str = ""
    reset_at: float | None = None
    """Events before this moment no longer teach anything ("start afresh"); they still count as seen."""


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-up of one device: a family of refresh tokens, of which only the newest generation is good.

    Times in epoch s. No token is kept: tokens are made again from these fields, bit for bit.
    """

    session_id: str
    user_id: str
    scopes: tuple[str, ...]
    created_at: float
    refreshed_at: float
    """When the newest generation was given out."""
    expires_at: float
    generation: int = 0
    revoked_at: float | None = None


@dataclass(frozen=True, slots=True)
class Revocation:
    """A session (`what` = its id), or every token a viewer or administrator was given until `at` (epoch s)."""

    kind: Literal["session", "subject"]
    what: str
    at: float


@dataclass(frozen=True, slots=True)
class Admin:
    """An administrator with a password. `password_hash` is argon2's own notation, with salt and costs."""

    name: str
    password_hash: str
    created_at: float
    changed_at: float
    disabled_at: float | None = None


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed sign-ins in a row under one key, and when the newest was (epoch s)."""

    count: int = 0
    newest_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Quota:
    """`requests` may be made at once, and come back evenly within `window_sec`."""

    requests: int
    window_sec: int = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody is within a quota after asking for a part of it."""

    limited: bool
    remaining: int
    reset_sec: float
    """Until the quota is whole again."""
    retry_sec: float = 0.0
    """Until as much as was asked for is there; 0 when it was."""


@dataclass(frozen=True, slots=True)
class Toggles:
    """What can be switched on and off, with the time of the newest switch; m parallel columns.

    `what` is a position in `core.user_state.TOGGLES`, `keys` a reel or creator key, `on` the newest word. Order: those
    that are on, by what, oldest first; then those that are off. An off one is kept so that an older "on" that arrives
    late does not switch it on again. Only `core.user_state` reads or writes this.
    """

    what: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    keys: Keys = field(default_factory=lambda: NO_KEYS)
    at: Times = field(default_factory=lambda: np.empty(0))
    on: Mask = field(default_factory=lambda: np.empty(0, np.bool_))


@dataclass(frozen=True, slots=True)
class UserState:
    """What is known of one viewer at one moment: a pure fold over that viewer's events (`core.user_state`).

    `history_*` are parallel columns, one entry a reel, oldest first, at most `HISTORY_LIMIT` newest:
    key, time of the newest event (epoch s), largest watched share of the duration (0..; loops count past 1,
    NaN = never watched), value in -1..1 (`core.feedback`), and the kinds seen as a bit set (`core.user_state.bit`).
    A reel that was only shown (impression) is not in the history: it is in the viewer's seen set.
    """

    user_id: str
    region: str = ""
    language: str = ""
    history: Keys = field(default_factory=lambda: NO_KEYS)
    history_at: Times = field(default_factory=lambda: np.empty(0))
    history_watched: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    history_value: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    history_kinds: NDArray[np.uint16] = field(default_factory=lambda: np.empty(0, np.uint16))
    liked: Keys = field(default_factory=lambda: NO_KEYS)
    saved: Keys = field(default_factory=lambda: NO_KEYS)
    not_interested: Keys = field(default_factory=lambda: NO_KEYS)
    following: Keys = field(default_factory=lambda: NO_KEYS)
    """Creator keys."""
    blocked: Keys = field(default_factory=lambda: NO_KEYS)
    """Creator keys."""
    reset_at: float = 0.0
    """Events before this moment taught nothing; 0 = never reset."""
    history_creator: Keys = field(default_factory=lambda: NO_KEYS)
    """Creator of each history entry where a follow or block named one, else 0. Of use to the fold only."""
    toggles: Toggles = field(default_factory=Toggles)
    """What liked, saved, not_interested, following and blocked are cut from. Of use to the fold only."""

    @property
    def is_cold(self) -> bool:
        """Nothing positive or negative has been learnt yet."""
        return len(self.history) == 0


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """One request for a page. Time and chance are in it, so that the page can be computed again."""

    user_id: str
    limit: int
    now: float
    seed: int
    feed_id: str
    request_id: str = ""
    explore: bool = True
    """False for batch answers: no epsilon slots, no chance at all."""
    mode: str = "for_you"
    """`for_you`, or `latest`: newest first, without ranking."""


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """Reels worth ranking: keys int64[n] in order found, and which sources found each, as bits uint32[n].

    Bit i of `found_by` is source i of `sources`.
    """

    keys: Keys
    found_by: NDArray[np.uint32]
    sources: tuple[str, ...]
    snapshot: str
    built_at: float
    failed: tuple[str, ...] = ()
    """Sources that raised or came too late when the set was built."""
    newest: Keys = field(default_factory=lambda: NO_KEYS)
    """The viewer's newest liked reels when it was built: neighbours of later ones are merged in at request time."""


@dataclass(frozen=True, slots=True)
class ScoreBoard:
    """Scores of n rows: the parts of the formula, each float32[n] in 0..1, boosts, and their weighted total."""

    parts: dict[str, Floats]
    boosts: dict[str, Floats]
    total: Floats
    weights: dict[str, float] = field(default_factory=dict)
    """What each part counted in this request: the policy's weights, but for parts that knew nothing of any row."""
    owed: "Callable[[list[int]], dict[str, Floats]] | None" = field(default=None, compare=False)
    """Of a learned ranker: what the scores of these rows owe to each part, float32 each."""
    promise: Floats | None = None
    """float32[n]: what reels nobody has taken to yet promise this viewer, NaN for others; None = was not asked."""

    def contributions(self, at: list[int]) -> dict[str, Floats]:
        """What each part added to the total of these rows; with the boosts they add up to it."""
        if self.owed is not None:
            return self.owed(at)
        return {name: np.float32(self.weights.get(name, 1.0)) * part[at] for name, part in self.parts.items()}


@dataclass(frozen=True, slots=True)
class RankedReel:
    """One place on a page."""

    reel_id: str
    row: int
    score: float
    parts: dict[str, float]
    """Unweighted parts in 0..1 by name: content, cf, popularity, exploration."""
    boosts: dict[str, float]
    """What was added on top, by name: trending, new_creator."""
    reasons: tuple[str, ...]
    explored: bool
    propensity: float
    """Probability that this reel is shown at this place, given the page above it."""
    sources: tuple[str, ...]
    reason_codes: tuple[str, ...] = ()
    """Of each reason, `code` or `code|parameter`, for a client that has its own words (`recommender.reasons`)."""
    contributions: dict[str, float] = field(default_factory=dict)
    """What each part adds to the score: its weight times the part; with the boosts they sum to it."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """What one request is answered with, and what is recorded of it."""

    feed_id: str
    user_id: str
    items: tuple[RankedReel, ...]
    next_cursor: str | None
    policy_name: str
    policy_version: int
    snapshot: str
    degraded: tuple[str, ...]
    served_at: float
    seed: int
    state_digest: str
    timings_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One item of a batch that was not taken, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class IngestReceipt:
    """What became of a batch: `stored` are on disk now, `duplicates` were there before."""

    stored: int
    duplicates: int
    rejected: tuple[Rejection, ...]
    ages_sec: tuple[float, ...] = field(default=(), compare=False)
    """How old each stored event was when it came."""
    reacted: bool = field(default=True, compare=False)
    """False: the reactions are left to the replay."""
    timings_ms: dict[str, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class ServedFeed:
    """A recorded page: the page itself and everything that went into it, to explain or compute it again."""

    page: FeedPage
    query: FeedQuery
    inputs: bytes
    """Packed inputs of the pure part of the pipeline (`recommender.replay`)."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of one offline job."""

    run_id: str
    job: str
    started_at: float
    finished_at: float | None = None
    outcome: str = "running"
    """running, done, failed."""
    details: dict[str, Any] = field(default_factory=dict)
