"""What the sample is made of."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from reels.core.errors import ConfigError

SAMPLE_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""The moment the committed sample looks back from."""


@dataclass(frozen=True, slots=True)
class SampleConfig:
    """Size and shape of a generated sample. Raises ConfigError on values that make no sample."""

    now: datetime = SAMPLE_NOW
    """Nothing is younger than this moment; must carry a time zone."""
    reels: int = 2000
    """Reels in the catalogue."""
    creators: int = 200
    """Creators; every one has at least one reel."""
    viewers: int = 500
    """Viewers with known tastes and a history."""
    new_creator_share: float = 0.15
    """Share of creators who began within the last 14 days and have hardly been seen."""
    repost_share: float = 0.01
    """Share of reels that are somebody else's, put up again with other hashtags."""
    history_days: int = 28
    """The viewers' histories span this many days before `now`."""
    reels_per_viewer: float = 20.0
    """Median count of reels in a history; each leaves 2-3 events."""

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ConfigError(f"now={self.now.isoformat()} has no time zone; write it with Z or an offset")
        if not 1 <= self.creators <= self.reels:
            raise ConfigError(f"creators={self.creators}: there must be 1 to reels={self.reels} of them")
        if self.viewers < 0 or self.history_days < 1 or self.reels_per_viewer < 1:
            raise ConfigError("viewers can't be negative; history_days and reels_per_viewer start at 1")
        for name in ("new_creator_share", "repost_share"):
            if not 0.0 <= getattr(self, name) <= 0.5:
                raise ConfigError(f"{name}={getattr(self, name)} is not within 0..0.5")
