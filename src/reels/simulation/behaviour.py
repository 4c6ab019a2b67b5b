"""What a viewer does with a reel on the screen, given the true affinity a, the duration d and their patience p.

    skipped           with probability 0.92 (1 - a)^1.6, after 0.3 s to (2 + 4 p) s, at most half of it;
                      then "not interested" with probability 0.06 (1 - a)^3
    watched           a share ~ Beta(m / (1 - m), 1) with mean m = 0.35 + 0.6 a, less for reels beyond 25 s;
                      short reels that are loved loop
    like, save, share, follow     only when watched past 40% (follow 70%), with probability
                      0.45 a^1.5,  0.12 a^2,  0.07 a^2,  0.08 a^2

Drawn in columns with a fixed count of random numbers a reel, so that a seed always means the same session.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reels.core.types import EventKind

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DRAWS: Final = 9
"""Uniform random numbers a reel."""


@dataclass(frozen=True, slots=True)
class Reactions:
    """n reactions, one column each."""

    watch_sec: Floats
    """Seconds on the screen, to a tenth; more than the duration where it looped."""
    skipped: Mask
    liked: Mask
    saved: Mask
    shared: Mask
    followed: Mask
    not_interested: Mask

    def kinds(self, row: int) -> list[EventKind]:
        """The events the reaction leaves, in the order they happen."""
        kinds = [EventKind.IMPRESSION, EventKind.SKIP if self.skipped[row] else EventKind.WATCH]
        for done, kind in (
            (self.liked, EventKind.LIKE),
            (self.saved, EventKind.SAVE),
            (self.shared, EventKind.SHARE),
            (self.followed, EventKind.FOLLOW),
            (self.not_interested, EventKind.NOT_INTERESTED),
        ):
            if done[row]:
                kinds.append(kind)
        return kinds


def react(affinity: Floats, duration_sec: Floats, patience: float | Floats, rng: np.random.Generator) -> Reactions:
    """Reactions to n reels: `affinity` (n,) in 0..1, `duration_sec` (n,) above 0; `patience` of one viewer or (n,)."""
    u = rng.random((len(affinity), DRAWS)).T
    skipped = u[0] < 0.92 * (1.0 - affinity) ** 1.6
    glance = np.minimum(0.3 + u[1] * (1.7 + 4.0 * patience), 0.5 * duration_sec)
    share = _share(affinity, duration_sec, patience, u[2], u[3])
    finished, engaged = share >= 0.7, ~skipped & (share >= 0.4)
    return Reactions(
        watch_sec=np.asarray(np.round(np.where(skipped, glance, share * duration_sec), 1), dtype=np.float64),
        skipped=skipped,
        liked=engaged & (u[4] < 0.45 * affinity**1.5),
        saved=engaged & (u[5] < 0.12 * affinity**2),
        shared=engaged & (u[6] < 0.07 * affinity**2),
        followed=engaged & finished & (u[7] < 0.08 * affinity**2),
        not_interested=skipped & (u[8] < 0.06 * (1.0 - affinity) ** 3),
    )


def _share(affinity: Floats, duration_sec: Floats, patience: float | Floats, u: Floats, loop: Floats) -> Floats:
    """Share of the duration that is watched, 0.05..2: u^((1 - m) / m) is Beta(m / (1 - m), 1), whose mean is m."""
    mean = (0.35 + 0.6 * affinity) * (25.0 / np.maximum(duration_sec, 25.0)) ** (0.35 * (1.0 - patience))
    share = np.maximum(u ** ((1.0 - mean) / mean), 0.05)
    loops = (loop < 0.35 * affinity) & (duration_sec < 25.0) & (share > 0.8)
    return np.where(loops, share + u, share)
