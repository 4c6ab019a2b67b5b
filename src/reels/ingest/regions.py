"""Where viewers are, for their events: trending is counted by region."""

from reels.core.ports import UserStore

KEPT_SEC = 600.0
"""A viewer who moves is counted at the old place for at most so long, in the processes that did not hear of it."""
KEPT = 50_000


class ViewerRegions:
    """The region of each viewer, from the store, remembered for a while."""

    def __init__(self, users: UserStore) -> None:
        self._users = users
        self._known: dict[str, tuple[str, float]] = {}

    async def of(self, user_id: str, now: float) -> str:
        """Region of a viewer at `now`, "" = not known."""
        region, until = self._known.get(user_id, ("", 0.0))
        if now < until:
            return region
        user = await self._users.get(user_id)
        region = user.region if user else ""
        if len(self._known) >= KEPT:
            del self._known[next(iter(self._known))]
        self._known[user_id] = (region, now + KEPT_SEC)
        return region

    def forget(self, user_id: str) -> None:
        """The viewer has moved."""
        self._known.pop(user_id, None)
