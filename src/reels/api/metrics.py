"""Prometheus metrics of an API worker: rate, errors and duration by route; what the feed and the ingest are about.

Looking a labelled series up costs more than counting in it, so each is looked up once (`cache`); labels come from our
own code and route templates, so there are few.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from reels.core.types import IngestReceipt
from reels.recommender.note import PageNote
from reels.telemetry.exposition import Exposition, watch_memory
from reels.telemetry.store_metrics import StoreMetrics

CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
"""Any other is named "other": a client could send whatever it likes."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_STAGE_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5)
_DELIVERY_SECONDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 86_400.0)


class Metrics:
    """All of them. `directory`: shared with the other workers of `reels serve` (`telemetry.exposition`)."""

    def __init__(self, directory: Path | None = None) -> None:
        self.exposition = Exposition(directory)
        self.stores = StoreMetrics(self.exposition)
        watch_memory(self.exposition, "api")
        self._of_requests(self.registry)
        self._of_pages(self.registry)
        self._of_events(self.registry)
        self._of_callers(self.registry)
        self._age = Gauge(
            "reels_snapshot_age_seconds",
            "Age of the models in use; of several workers the oldest.",
            registry=self.registry,
            multiprocess_mode="livemax",
        )

    @property
    def registry(self) -> CollectorRegistry:
        """Where they are registered."""
        return self.exposition.registry

    def _of_requests(self, to: CollectorRegistry) -> None:
        requests = Counter("reels_requests", "Requests answered.", ["method", "route", "status"], registry=to)
        duration = Histogram("reels_request_seconds", "Time to answer.", ["route"], registry=to, buckets=_SECONDS)
        self._requests, self._duration = cache(requests.labels), cache(duration.labels)
        self.in_flight = Gauge(
            "reels_requests_in_flight", "Requests being answered.", registry=to, multiprocess_mode="livesum"
        )

        shed = Counter("reels_requests_shed", "Requests turned away: too much to do.", ["why"], registry=to)
        self._shed = cache(shed.labels)

    def _of_pages(self, to: CollectorRegistry) -> None:
        stages = Histogram(
            "reels_feed_stage_seconds", "Time of each stage of a page.", ["stage"], registry=to, buckets=_STAGE_SECONDS
        )
        looked_up = Counter("reels_feed_cache", "Lookups of cached things.", ["what", "outcome"], registry=to)
        candidates = Counter("reels_feed_candidates", "Candidates found, by source.", ["source"], registry=to)
        shown = Counter("reels_feed_items", "Reels put on pages.", ["explored"], registry=to)
        sources = Counter(
            "reels_feed_items_by_source", "Reels put on pages, by each source that found them.", ["source"], registry=to
        )
        degraded = Counter("reels_feed_degraded", "Pages answered without something.", ["what"], registry=to)
        self._stages, self._cache = cache(stages.labels), cache(looked_up.labels)
        self._candidates, self._sources = cache(candidates.labels), cache(sources.labels)
        self._shown, self._degraded = cache(shown.labels), cache(degraded.labels)
        self._pages_waiting = Gauge(
            "reels_feed_pages_waiting", "Served pages not yet recorded.", registry=to, multiprocess_mode="livesum"
        )
        self._pages_lost = Counter("reels_feed_pages_lost", "Served pages that were never recorded.", registry=to)

    def _of_events(self, to: CollectorRegistry) -> None:
        events = Counter("reels_events", "Events received.", ["outcome"], registry=to)
        stages = Histogram(
            "reels_events_stage_seconds", "Time of each stage of a batch of events.", ["stage"], registry=to,
            buckets=_STAGE_SECONDS,
        )  # fmt: skip
        self._events, self._event_stages = cache(events.labels), cache(stages.labels)
        self._delivery = Histogram(
            "reels_event_delivery_seconds", "From when an event happened to when it came.", registry=to,
            buckets=_DELIVERY_SECONDS,
        )  # fmt: skip
        self._reaction = Histogram(
            "reels_event_reaction_seconds", "From when a batch came until the next page obeys it.", registry=to,
            buckets=_SECONDS,
        )  # fmt: skip
        self._left = Counter("reels_events_left", "Stored events whose reactions were left to the replay.", registry=to)
        self._replayed = Counter("reels_events_replayed", "Events the replay made good.", registry=to)

    def render(self) -> bytes:
        """The text format, for `GET /metrics`."""
        return self.exposition.render()

    def _of_callers(self, to: CollectorRegistry) -> None:
        sessions = Counter("reels_sessions", "Sessions begun, refreshed, ended and so on.", ["outcome"], registry=to)
        limits = Counter(
            "reels_limits", "Requests over a quota, or not counted because Redis was away.", ["group", "outcome"],
            registry=to,
        )  # fmt: skip
        self._sessions, self._limits = cache(sessions.labels), cache(limits.labels)

    def session(self, outcome: str) -> None:
        """A session was begun, refreshed, retried, ended; a refresh token was reused or refused."""
        self._sessions(outcome).inc()

    def limit(self, group: str, outcome: str) -> None:
        """A request was refused, or its quota was unavailable."""
        self._limits(group, outcome).inc()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request answered."""
        self._requests(method, route, str(status)).inc()
        self._duration(route).observe(seconds)

    def shed(self, why: str) -> None:
        """A request was turned away: too many waited (`full`), or it had waited too long (`late`)."""
        self._shed(why).inc()

    def events(self, receipt: IngestReceipt, reaction_sec: float) -> None:
        """One batch taken, `reaction_sec` after it came."""
        rejected = len(receipt.rejected)
        for outcome, n in (("stored", receipt.stored), ("duplicate", receipt.duplicates), ("rejected", rejected)):
            if n:
                self._events(outcome).inc(n)
        for age in receipt.ages_sec:
            self._delivery.observe(max(0.0, age))
        if receipt.stored and receipt.reacted:
            self._reaction.observe(reaction_sec)
        elif receipt.stored:
            self._left.inc(receipt.stored)
        for stage, ms in receipt.timings_ms.items():
            self._event_stages(stage).observe(ms / 1000)

    def replayed(self, events: int) -> None:
        """So many events were made good by the replay."""
        self._replayed.inc(events)

    def answered(self, note: PageNote) -> None:
        """A page was answered: whether it was kept from before, and whether Redis had the viewer."""
        self._cache("page", "hit" if note.again else "miss").inc()
        self._cache("viewer", "hit" if note.viewer_kept else "miss").inc()

    def page(
        self,
        explored: Sequence[bool],
        sources: Mapping[str, int],
        degraded: Sequence[str],
        stages_ms: Mapping[str, float],
    ) -> None:
        """One page made: which items were explored, items by source, what was missing, ms by stage."""
        self._shown("yes").inc(sum(explored))
        self._shown("no").inc(len(explored) - sum(explored))
        for source, n in sources.items():
            self._sources(source).inc(n)
        for what in degraded:
            self._degraded(what).inc()
        for stage, ms in stages_ms.items():
            self._stages(stage).observe(ms / 1000)

    def candidates(self, found: Mapping[str, int]) -> None:
        """A candidate set was built: how many each source found."""
        for source, n in found.items():
            self._candidates(source).inc(n)

    def candidates_kept(self, *, hit: bool) -> None:
        """Whether a page was made from a candidate set built before."""
        self._cache("candidates", "hit" if hit else "miss").inc()

    def watch_snapshot_age(self, age: Callable[[], float]) -> None:
        """`age` gives the seconds since the models in use were trained."""
        self.exposition.look(lambda: self._age.set(age()))

    def watch_recording(self, waiting: Callable[[], int], lost: Callable[[], int]) -> None:
        """Served pages that wait to be recorded, and those that never will be, as far as this process knows."""
        told = 0

        def look() -> None:
            nonlocal told
            self._pages_waiting.set(waiting())
            now = lost()
            self._pages_lost.inc(now - told)
            told = now

        self.exposition.look(look)
