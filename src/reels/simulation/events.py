"""The viewers' histories: what each saw in the weeks before, and what they did.

A history is a few sessions. A reel comes up in a session by a mix of what suits the viewer (with one interest in
focus in most sessions, and more of creators they follow), what is popular where it can be understood, and the
newest; never twice. So co-watching carries taste, and popularity and freshness carry their usual bias.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reels.core.types import EventKind
from reels.simulation.behaviour import react
from reels.simulation.catalogue import DAY, Catalogue
from reels.simulation.config import SampleConfig
from reels.simulation.languages import languages
from reels.simulation.topics import TOPIC_INDEX
from reels.simulation.viewers import Viewer, affinity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SUITS, POPULAR, FRESH = 0.55, 0.33, 0.12
"""The mix from which exposures are drawn."""
FOCUS: Final = 0.65
"""Share of sessions with one interest in focus."""
SESSION: Final = 6
"""Mean count of reels in a session."""
TIMED: Final = frozenset({EventKind.WATCH, EventKind.SKIP})


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """One event of a history. `reel` is a row of the catalogue; times are epoch seconds."""

    viewer: int
    reel: int
    kind: EventKind
    occurred_at: float
    watch_sec: float | None
    duration_sec: int | None


def make_events(
    config: SampleConfig, catalogue: Catalogue, viewers: list[Viewer], rng: np.random.Generator
) -> list[SampleEvent]:
    """All histories together, oldest event first."""
    popular = np.sqrt(catalogue.views + 1.0)
    events: list[SampleEvent] = []
    for number, viewer in enumerate(viewers):
        loves = affinity(viewer, catalogue.topic, catalogue.quality, catalogue.language)
        spoken = {viewer.language, *viewer.also}
        readable = np.array([1.0 if one.code in spoken else 0.15 for one in languages()])[catalogue.language]
        history = _History(number, viewer, catalogue, loves, popular * readable)
        for start, length in _sessions(config, rng):
            events += history.session(start, length, config.now.timestamp(), rng)
    events.sort(key=lambda event: (event.occurred_at, event.viewer))
    return events


def _sessions(config: SampleConfig, rng: np.random.Generator) -> list[tuple[float, int]]:
    """(start, count of reels) of each session, in order."""
    total = int(np.clip(np.rint(config.reels_per_viewer * rng.lognormal(0.0, 0.25)), 4, None))
    count = max(1, round(total / SESSION))
    ago = np.sort(rng.uniform(0.02, config.history_days, count))[::-1]
    lengths = np.full(count, total // count) + (np.arange(count) < total % count)
    return [(config.now.timestamp() - float(a) * DAY, int(n)) for a, n in zip(ago, lengths, strict=True)]


class _History:
    """One viewer on their way through the weeks: what they have seen, whom they follow."""

    def __init__(self, number: int, viewer: Viewer, catalogue: Catalogue, loves: Floats, popular: Floats) -> None:
        self.number, self.viewer, self.catalogue = number, viewer, catalogue
        self.loves, self.popular = loves, popular
        self.interests = [TOPIC_INDEX[name] for name in viewer.interests()]
        self.left = np.ones(len(catalogue), dtype=np.bool_)
        self.followed = np.ones(len(catalogue))

    def session(self, start: float, length: int, now: float, rng: np.random.Generator) -> list[SampleEvent]:
        """`length` reels one after the other (fewer where there are no more); nothing happens after `now`."""
        rows = self._draw(start, length, rng)
        duration = self.catalogue.duration_sec[rows].astype(np.float64)
        reactions = react(self.loves[rows], duration, self.viewer.patience, rng)
        pauses = np.round(rng.uniform(0.3, 2.5, len(rows)), 1)
        shown = start + np.concatenate([[0.0], np.cumsum(reactions.watch_sec + pauses)[:-1]]) if len(rows) else pauses
        events = []
        for k, row in enumerate(rows):
            for step, kind in enumerate(reactions.kinds(k)):
                at = round(float(shown[k]) + (float(reactions.watch_sec[k]) + 0.1 * (step - 1) if step else 0.0), 1)
                seconds = (float(reactions.watch_sec[k]), int(duration[k])) if kind in TIMED else (None, None)
                if at < now:
                    events.append(SampleEvent(self.number, int(row), kind, at, *seconds))
            if reactions.followed[k]:
                self.followed[self.catalogue.creator == self.catalogue.creator[row]] = 4.0
        return events

    def _draw(self, start: float, length: int, rng: np.random.Generator) -> Ints:
        """Rows without replacement, in order of appearance (Gumbel top-k: Vieira 2014)."""
        suits = self.loves**1.5 * self.followed
        if rng.random() < FOCUS:
            suits = suits * np.where(self.catalogue.topic == rng.choice(self.interests), 6.0, 1.0)
        age = np.maximum(start - self.catalogue.published_at, 0.0) / DAY
        parts = ((SUITS, suits), (POPULAR, self.popular), (FRESH, np.exp(-age / 3.0)))
        chance = sum((share * part / part.sum() for share, part in parts), np.zeros(len(age)))
        open_rows = np.flatnonzero(self.left & (self.catalogue.published_at < start))
        keys = np.log(chance[open_rows] + 1e-12) + rng.gumbel(size=len(open_rows))
        length = min(length, len(keys))
        best = np.argpartition(-keys, length - 1)[:length] if length else np.empty(0, dtype=np.int64)
        rows = open_rows[best[np.argsort(-keys[best])]]
        self.left[rows] = False
        return rows
