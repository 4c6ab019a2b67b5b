"""What an event says about liking, as one number.

Explicit signals speak for themselves; watching speaks by its share of the duration. The value of a reel for a
viewer is the strongest positive or negative signal, negative explicit signals winning over all:

    not_interested, block of its creator -1.0 · share 1.0 · save 0.95 · like 0.9 · follow of its creator 0.9
    watched share s:  s < 0.1 -> -0.4 ; then linear to +0.7 at s = 1, and up to +0.85 at s >= 2 (loops)
    skip without a watched share -> -0.4 · impression alone -> 0.0

Watching is valued by the share only where nothing is known of how long others watch reels of that length: with a table
of that, which training fits, `learning.watch_value` puts a duration-debiased value in the place of the share's.
"""

import math

from reels.core.types import EventKind

EXPLICIT: dict[EventKind, float] = {
    EventKind.SHARE: 1.0,
    EventKind.SAVE: 0.95,
    EventKind.LIKE: 0.9,
    EventKind.FOLLOW: 0.9,
}
NOT_INTERESTED = -1.0
SKIPPED = -0.4
COMPLETE = 0.7
LOOPED = 0.85
SKIP_SHARE = 0.1


def watch_value(share: float) -> float:
    """Value in -0.4..0.85 of having watched `share` of the duration (1 = once through, 2 = twice)."""
    if math.isnan(share):
        return 0.0
    if share < SKIP_SHARE:
        return SKIPPED
    if share <= 1.0:
        return SKIPPED + (COMPLETE - SKIPPED) * (share - SKIP_SHARE) / (1.0 - SKIP_SHARE)
    return min(LOOPED, COMPLETE + (LOOPED - COMPLETE) * (share - 1.0))
