"""How long each stage of a request took."""

from collections.abc import Callable


class Stopwatch:
    """Milliseconds between laps, by name. `ticks` counts seconds from anywhere (`time.perf_counter`)."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._began = self._last = ticks()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """The stage called `name` ends now."""
        now = self._ticks()
        self.laps[name] = round(self.laps.get(name, 0.0) + 1000 * (now - self._last), 3)
        self._last = now

    def total(self) -> dict[str, float]:
        """All laps and their sum."""
        return self.laps | {"total": round(1000 * (self._ticks() - self._began), 3)}
