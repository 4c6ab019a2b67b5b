"""How long a reel was really watched: visible, playing seconds, loops included."""

from __future__ import annotations

from dataclasses import dataclass, field

IMPRESSION_AFTER = 0.35
"""Seconds a reel must be on the screen to count as shown: a reel flung past is not."""

SKIP_BELOW = 3.0
"""Seconds under which leaving a reel counts as skipping it..."""

SKIP_SHARE = 0.3
"""...when it is also less than this share of its length."""


@dataclass(slots=True)
class WatchMeter:
    """A stopwatch of visible seconds. Times are monotonic seconds, given by the caller."""

    total: float = 0.0
    running_since: float | None = None

    def resume(self, now: float) -> None:
        """The reel plays from `now` on."""
        if self.running_since is None:
            self.running_since = now

    def pause(self, now: float) -> None:
        """The reel stands still or is hidden from `now` on."""
        if self.running_since is not None:
            self.total += max(now - self.running_since, 0.0)
            self.running_since = None

    def seconds(self, now: float) -> float:
        """Seconds watched until `now`."""
        running = 0.0 if self.running_since is None else max(now - self.running_since, 0.0)
        return self.total + running


@dataclass(slots=True)
class Viewing:
    """One reel on the screen, from arriving to leaving."""

    reel_id: str
    duration_sec: float
    meter: WatchMeter = field(default_factory=WatchMeter)
    impressed: bool = False
    reported: float = 0.0
    report_id: str = ""
    """The id of the event that will tell of the seconds since `reported`; made when first needed."""

    def shown(self, now: float) -> bool:
        """True the first time the reel has been on the screen long enough to count."""
        if self.impressed or self.meter.seconds(now) < IMPRESSION_AFTER:
            return False
        self.impressed = True
        return True

    def leave(self, now: float) -> tuple[str, float] | None:
        """What leaving means: ("watch" or "skip", seconds), or None for a reel flung past."""
        self.meter.pause(now)
        outcome = self.outcome(now)
        if outcome is not None:
            self.reported = self.meter.total
        return outcome

    def outcome(self, now: float) -> tuple[str, float] | None:
        """What leaving now would mean."""
        seconds = round(self.meter.seconds(now) - self.reported, 2)
        if not self.impressed or seconds <= 0:
            return None
        first = self.reported == 0.0
        long_enough = SKIP_SHARE * self.duration_sec if self.duration_sec > 0 else SKIP_BELOW
        skipped = first and seconds < min(SKIP_BELOW, long_enough)
        return ("skip" if skipped else "watch"), seconds
