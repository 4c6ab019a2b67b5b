"""Prometheus metrics of one API process, in a registry of its own.

With several API workers each answers `/metrics` for itself. Start them with PROMETHEUS_MULTIPROC_DIR set to an empty
directory, and give that directory here: then whichever worker is asked answers for all.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_STAGE_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5)


class Metrics:
    """Rate, errors and duration by route; and what the feed and the ingest are about."""

    def __init__(self, multiprocess_dir: Path | None = None) -> None:
        self._dir = multiprocess_dir
        self._age_of: Callable[[], float] | None = None
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "reels_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._duration = Histogram(
            "reels_request_seconds", "Time to answer.", ["route"], registry=registry, buckets=_SECONDS
        )
        self._stages = Histogram(
            "reels_feed_stage_seconds", "Time of each stage of a page.", ["stage"], registry=registry,
            buckets=_STAGE_SECONDS,
        )  # fmt: skip
        self._cache = Counter("reels_feed_cache", "Lookups of cached things.", ["what", "outcome"], registry=registry)
        self._candidates = Counter(
            "reels_feed_candidates", "Candidates found, by source.", ["source"], registry=registry
        )
        self._shown = Counter("reels_feed_items", "Reels put on pages.", ["explored"], registry=registry)
        self._sources = Counter(
            "reels_feed_items_by_source", "Reels put on pages, by each source that found them.", ["source"],
            registry=registry,
        )  # fmt: skip
        self._degraded = Counter(
            "reels_feed_degraded", "Pages answered without something.", ["what"], registry=registry
        )
        self._events = Counter("reels_events", "Events received.", ["outcome"], registry=registry)
        self._age = Gauge(
            "reels_snapshot_age_seconds", "Age of the models in use.", registry=registry, multiprocess_mode="livemax"
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request answered."""
        method = method if method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._duration.labels(route).observe(seconds)

    def events(self, stored: int, duplicates: int, rejected: int) -> None:
        """One batch taken."""
        for outcome, n in (("stored", stored), ("duplicate", duplicates), ("rejected", rejected)):
            if n:
                self._events.labels(outcome).inc(n)

    def page(
        self,
        explored: Sequence[bool],
        sources: Mapping[str, int],
        degraded: Sequence[str],
        stages_ms: Mapping[str, float],
    ) -> None:
        """One page made: which items were explored, items by source, what was missing, ms by stage."""
        self._shown.labels("yes").inc(sum(explored))
        self._shown.labels("no").inc(len(explored) - sum(explored))
        for source, n in sources.items():
            self._sources.labels(source).inc(n)
        for what in degraded:
            self._degraded.labels(what).inc()
        for stage, ms in stages_ms.items():
            self._stages.labels(stage).observe(ms / 1000)

    def candidates(self, found: Mapping[str, int]) -> None:
        """A candidate set was built: how many each source found."""
        for source, n in found.items():
            self._candidates.labels(source).inc(n)

    def cache(self, what: str, *, hit: bool) -> None:
        """A cached thing (page, candidates, state) was looked up."""
        self._cache.labels(what, "hit" if hit else "miss").inc()

    def watch_snapshot_age(self, age: Callable[[], float]) -> None:
        """`age` gives the seconds since the models in use were trained; asked at each scrape."""
        self._age_of = age

    def render(self) -> bytes:
        """The text format, for `GET /metrics`."""
        if self._age_of is not None:
            self._age.set(self._age_of())
        if self._dir is None:
            return generate_latest(self.registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone, str(self._dir))  # type: ignore[no-untyped-call]
        return generate_latest(everyone)
