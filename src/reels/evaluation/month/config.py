"""How a month is simulated."""

from dataclasses import dataclass
from datetime import datetime

from reels.core.errors import ConfigError
from reels.simulation.config import SAMPLE_NOW, SampleConfig


@dataclass(frozen=True, slots=True)
class MonthConfig:
    """Size and shape of the simulated month. Raises ConfigError on values that make no month."""

    days: int = 30
    viewers: int = 1000
    newcomers: int = 60
    """Viewers who sign up when the month is over."""
    reels: int = 6_000
    """Of the catalogue at the end of the month."""
    pages_a_day: int = 1
    page_size: int = 10
    here: float = 0.4
    """Chance that a viewer comes on a day."""
    crowds: int = 4
    """In so many groups the viewers of a day come; between them impressions are counted again."""
    new_creator_share: float = 0.15
    ranker_every: int = 4
    """Nights between two trainings of the learned ranker, where the policy has one; its tables are new each night."""
    swipes: int = 15
    """Reels a newcomer looks at, each asked for on its own."""
    seed: int = 1
    embedder: str = "use"
    now: datetime = SAMPLE_NOW
    """The end of the month."""

    def __post_init__(self) -> None:
        least = min(
            self.days, self.viewers, self.pages_a_day, self.page_size, self.crowds, self.swipes, self.ranker_every
        )
        if least < 1 or self.newcomers < 0:
            raise ConfigError(
                "days, viewers, pages_a_day, page_size, crowds, swipes and ranker_every start at 1, newcomers at 0"
            )
        if not 0.0 < self.here <= 1.0:
            raise ConfigError(f"here={self.here} is no chance within 0..1")

    def sample(self) -> SampleConfig:
        """What the world is generated from: no histories, everybody begins unknown."""
        return SampleConfig(
            now=self.now,
            reels=self.reels,
            creators=max(1, self.reels // 10),
            viewers=self.viewers + self.newcomers,
            new_creator_share=self.new_creator_share,
            history_days=1,
            reels_per_viewer=1.0,
        )
