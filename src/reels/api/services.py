"""What the routes need, put together by `wiring`. Nothing in here reads a setting or opens a connection."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from starlette.routing import Route

from reels.api.auth import Gate
from reels.api.clients import Clients, Network
from reels.api.limiting import Limiter
from reels.api.login import AdminLogin
from reels.api.metrics import Metrics
from reels.api.pseudonyms import Pseudonyms
from reels.api.revoked import RevokedLately
from reels.api.sessions import Lives, Sessions
from reels.api.tokens import Tokens
from reels.core import ports
from reels.core.types import ServedFeed
from reels.ingest.events import EventIngest
from reels.recommender.models import Models
from reels.recommender.note import PageNote

if TYPE_CHECKING:
    from reels.telemetry.spans import Spans


class FeedDoor(Protocol):
    """`GET /feed` below HTTP (`recommender.feed`)."""

    async def page(
        self,
        user_id: str,
        *,
        limit: int,
        cursor: str | None,
        mode: str,
        now: float,
        request_id: str,
        note: Callable[[PageNote], None],
    ) -> bytes:
        """A page as JSON (`schemas.feed.FeedPageOut`). BadCursor; StoreUnavailable when there is no way to answer.

        `note` is told what became of it.
        """


@dataclass(frozen=True, slots=True)
class Limits:
    """Values of the settings that the routes go by."""

    page_limit: int = 50
    max_body_bytes: int = 1_000_000
    lives: Lives = field(default_factory=Lives)
    cors_origins: tuple[str, ...] = ()
    requests_at_once: int = 32
    requests_waiting: int = 128
    longest_wait_ms: int = 500


class Stores(Protocol):
    """The stores the routes talk to."""

    @property
    def reels(self) -> ports.ReelStore: ...  # noqa: D102
    @property
    def users(self) -> ports.UserStore: ...  # noqa: D102
    @property
    def interactions(self) -> ports.InteractionStore: ...  # noqa: D102
    @property
    def feeds(self) -> ports.FeedStore: ...  # noqa: D102
    @property
    def policies(self) -> ports.PolicyStore: ...  # noqa: D102
    @property
    def jobs(self) -> ports.JobStore: ...  # noqa: D102
    @property
    def audit(self) -> ports.AuditStore: ...  # noqa: D102
    @property
    def viewers(self) -> ports.ViewerStore: ...  # noqa: D102
    @property
    def signals(self) -> ports.SignalStore: ...  # noqa: D102
    @property
    def sessions(self) -> ports.SessionStore: ...  # noqa: D102
    @property
    def admins(self) -> ports.AdminStore: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Services:
    """All of it."""

    feed: FeedDoor
    ingest: EventIngest
    stores: Stores
    models: Callable[[], Models | None]
    """The models in use; None before the first."""
    tokens: Tokens
    pseudonyms: Pseudonyms
    metrics: Metrics
    clock: Callable[[], float]
    """Epoch s."""
    random_id: Callable[[], str]
    """A new unguessable id of at least 128 bits."""
    unready: Callable[[], Awaitable[Sequence[str]]]
    """What is missing before requests can be answered well; empty = ready."""
    limits: Limits = field(default_factory=Limits)
    job_names: tuple[str, ...] = ()
    extra_routes: tuple[Route, ...] = ()
    """Routes of the films (`routes.media`), where films are drawn."""
    lifespan: Callable[[], AbstractAsyncContextManager[Any]] | None = None
    """Entered when the app starts, left when it stops: pollers, replay, pending marks."""
    replayed: Callable[[ServedFeed], Awaitable[bool | None]] | None = None
    """Whether a recorded page comes out the same when computed again; None = its models are gone."""

    spans: "Spans | None" = None
    """Makes a span of each request, where traces are sent."""

    revoked: RevokedLately = field(default_factory=RevokedLately)
    """What was revoked lately; the wiring keeps it up to date."""
    limiter: Limiter | None = None
    """Counts requests; None = nobody is limited here."""
    uncounted: tuple[Network, ...] = ()
    """Networks of our own processes, whose sign-ups are not counted."""

    @property
    def gate(self) -> Gate:
        """Checks who is calling."""
        return Gate(self.tokens, self.revoked)

    @property
    def clients(self) -> Clients:
        """Names callers nobody knows yet."""
        return Clients(self.pseudonyms, self.uncounted)

    @property
    def sessions(self) -> Sessions:
        """Begins, continues and ends sessions."""
        return Sessions(
            self.stores.sessions, self.tokens, self.revoked, self.limits.lives, self.random_id, self.metrics.session
        )

    @property
    def admin_login(self) -> AdminLogin:
        """Signs administrators in."""
        return AdminLogin(
            self.stores.admins, self.stores.audit, self.tokens, self.pseudonyms, self.limits.lives.admin_sec
        )
