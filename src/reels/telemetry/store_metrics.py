"""What is said to the stores: how often, how long it took, what became of it, and whether a breaker is open."""

from collections.abc import Callable
from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from reels.telemetry.exposition import Exposition

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class StoreMetrics:
    """Counts each time a store is asked (`stores.watching.Watch`)."""

    def __init__(self, exposition: Exposition) -> None:
        self._exposition, registry = exposition, exposition.registry
        self._calls = cache(
            Counter(
                "reels_store_calls",
                "Times a store was asked: answered, refused (said no), away (did not answer), spared (not asked).",
                ["store", "outcome"],
                registry=registry,
            ).labels
        )
        self._seconds = cache(
            Histogram(
                "reels_store_seconds", "Time until it answered or was given up.", ["store"], registry=registry,
                buckets=_SECONDS,
            ).labels
        )  # fmt: skip
        self._away = Gauge(
            "reels_store_away",
            "1 while a store's breaker is open: it did not answer when last asked.",
            ["store"],
            registry=registry,
            multiprocess_mode="livemax",
        )

    def __call__(self, store: str, outcome: str, seconds: float) -> None:
        """One call: `outcome` is answered, refused, away or spared."""
        self._calls(store, outcome).inc()
        if outcome != "spared":
            self._seconds(store).observe(seconds)

    def watch(self, store: str, away: Callable[[], bool]) -> None:
        """Show the state of a store's breaker."""
        gauge = self._away.labels(store)
        self._exposition.look(lambda: gauge.set(float(away())))
