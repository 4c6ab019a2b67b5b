"""Watch a running feed as viewers whose tastes are known, and see whether it learns them.

Each viewer signs up, takes pages, reacts to every reel by its true affinity (`behaviour`), and reports what they
did before they ask for more. Nothing the feed is told gives the truth away but the behaviour itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
from numpy.typing import NDArray

from reels.core.errors import BadSample, ConfigError
from reels.core.types import EventKind
from reels.simulation.baselines import best_possible, popular, popular_in_language
from reels.simulation.behaviour import Reactions, react
from reels.simulation.client import FeedClient, Page, Receipt, ReportedEvent, Retry
from reels.simulation.report import FeedQuality, WatchReport, topics_bits
from reels.simulation.truth import Truth
from reels.simulation.viewers import Viewer

Floats = NDArray[np.float64]
TIMED = frozenset({EventKind.WATCH, EventKind.SKIP})
TICK = timedelta(milliseconds=1)
DEFAULT_SECONDS = 20.0
"""Length of a reel that neither the page nor the sample knows."""


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """How each viewer watches."""

    swipes: int = 30
    """Reels a viewer looks at, where the feed has as many."""
    page_size: int = 10
    """Reels asked for at a time."""
    flush_every: int = 5
    """Reels after which events are sent; always before the next page is asked for."""
    retry: Retry = field(default_factory=Retry)

    def __post_init__(self) -> None:
        if min(self.swipes, self.page_size, self.flush_every) < 1:
            raise ConfigError("swipes, page_size and flush_every start at 1")


def watch(
    http: httpx.Client,
    viewers: Sequence[Viewer],
    truth: Truth,
    config: WatchConfig,
    rng: np.random.Generator,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    swiped: Callable[[], None] = lambda: None,
) -> WatchReport:
    """Let each viewer watch the feed behind `http`, one after the other.

    `clock` gives the time zone aware moment events carry, `sleep` waits before a request is sent again, `swiped` is
    called after every reel (progress). Raises FeedUnreachable or FeedRefused when the API can't be watched, and
    BadSample when it serves another catalogue than the sample.
    """
    sessions = []
    for viewer, own_rng in zip(viewers, rng.spawn(len(viewers)), strict=True):
        session = _Session(viewer, truth, config, own_rng, clock)
        session.run(FeedClient(http, sleep, config.retry), swiped)
        sessions.append(session)
    return _report(sessions, viewers, truth, config)


class _Session:
    """One viewer in front of the feed."""

    def __init__(
        self, viewer: Viewer, truth: Truth, config: WatchConfig, rng: np.random.Generator, clock: Callable[[], datetime]
    ) -> None:
        self.viewer, self.truth, self.config, self.rng, self.clock = viewer, truth, config, rng, clock
        self.loves = truth.affinity(viewer)
        self.rows: list[int | None] = []
        """Rows of the truth in the order they were shown; None = not in the sample."""
        self.seen: set[str] = set()
        self.repeats = self.degraded = self.made = 0
        self.moment = datetime.min.replace(tzinfo=UTC)
        """Of the newest event: no two are at the same, so that their order is never in doubt."""
        self.unsent: list[ReportedEvent] = []
        self.receipts: list[Receipt] = []

    def run(self, client: FeedClient, swiped: Callable[[], None]) -> None:
        client.sign_up(self.viewer.region, self.viewer.language)
        cursor: str | None = None
        while len(self.rows) < self.config.swipes:
            page = client.page(self.config.page_size, cursor)
            self.degraded += bool(page.degraded)
            for position, _ in enumerate(page.items[: self.config.swipes - len(self.rows)]):
                self._look(page, position)
                if (position + 1) % self.config.flush_every == 0:
                    self._flush(client)
                swiped()
            self._flush(client)
            cursor = page.next_cursor
            if cursor is None or not page.items:
                break

    def _look(self, page: Page, position: int) -> None:
        shown = page.items[position]
        row = self.truth.row_of.get(shown.reel_id)
        self.rows.append(row)
        self.repeats += shown.reel_id in self.seen
        self.seen.add(shown.reel_id)
        known = self.truth.duration_sec[row] if row is not None else DEFAULT_SECONDS
        duration = float(shown.duration_sec or known)
        affinity = self.loves[row] if row is not None else 0.0
        reaction = react(np.array([affinity]), np.array([duration]), self.viewer.patience, self.rng)
        self._note(page, position, reaction, duration)

    def _note(self, page: Page, position: int, reaction: Reactions, duration: float) -> None:
        self.moment = max(self.clock().astimezone(UTC), self.moment)
        for kind in reaction.kinds(0):
            self.made += 1
            self.moment += TICK
            timed = kind in TIMED
            self.unsent.append(
                ReportedEvent(
                    event_id=f"sim-{self.viewer.user_id}-{self.made:05d}",
                    reel_id=page.items[position].reel_id,
                    kind=kind.value,
                    occurred_at=self.moment.isoformat(timespec="milliseconds"),
                    feed_id=page.feed_id,
                    position=position,
                    watch_sec=float(reaction.watch_sec[0]) if timed else None,
                    duration_sec=duration if timed else None,
                )
            )

    def _flush(self, client: FeedClient) -> None:
        if self.unsent:
            self.receipts.append(client.report(self.unsent))
            self.unsent = []


def _report(sessions: list[_Session], viewers: Sequence[Viewer], truth: Truth, config: WatchConfig) -> WatchReport:
    shown = sum(len(s.rows) for s in sessions)
    unknown = sum(row is None for s in sessions for row in s.rows)
    if shown and unknown == shown:
        raise BadSample("the feed", f"served {shown} reels and none is in the sample: import that catalogue first")
    receipts = [receipt for s in sessions for receipt in s.receipts]
    everyone = popular(truth)
    return WatchReport(
        watched=_quality("watched feed", sessions, [s.rows for s in sessions], config),
        compared=[
            _quality("popular", sessions, [everyone.tolist() for _ in viewers], config),
            _quality(
                "popular in the language", sessions, [popular_in_language(truth, v).tolist() for v in viewers], config
            ),
            _quality("best possible", sessions, [best_possible(truth, v).tolist() for v in viewers], config),
        ],
        events=sum(receipt.stored for receipt in receipts),
        duplicates=sum(receipt.duplicates for receipt in receipts),
        rejected=[rejected.reason for receipt in receipts for rejected in receipt.rejected],
        repeats=sum(s.repeats for s in sessions),
        unknown=unknown,
        degraded=sum(s.degraded for s in sessions),
    )


def _quality(
    name: str, sessions: list[_Session], rows_of: Sequence[Sequence[int | None]], config: WatchConfig
) -> FeedQuality:
    """`rows_of`: per viewer, the rows a feed shows, in order; cut at the count of swipes."""
    affinity = np.full((len(sessions), config.swipes), np.nan)
    bits = []
    for v, (session, rows) in enumerate(zip(sessions, rows_of, strict=True)):
        for swipe, row in enumerate(rows[: config.swipes]):
            if row is not None:
                affinity[v, swipe] = session.loves[row]
        topics = session.truth.topic[[row for row in rows[: config.swipes] if row is not None]]
        bits.append(topics_bits(topics))
    return FeedQuality(name, affinity, float(np.mean(bits)) if bits else 0.0)
