"""Following the catalogue: every new or changed reel once, in about the order of the changes."""

from reels.core.ports import ReelStore, StoredReel

LOOK_BACK_SEC = 5.0
"""How far back each poll looks. A stamp made before another may become visible after it: by the time one write takes
(milliseconds), and, for the very first write after a while, by how far the reader's clock is ahead of the writer's."""


class CatalogueChanges:
    """What one reader has seen of the catalogue's changes.

    A poll asks from a little before the last one, not from the newest stamp seen: two writers may overtake each other.
    What was seen in that window is remembered and left out.
    """

    def __init__(self, reels: ReelStore, since: float = 0.0, look_back_sec: float = LOOK_BACK_SEC) -> None:
        """`since`: `updated_at` up to which everything is known already, e.g. a snapshot's; looked back from, too."""
        self._reels = reels
        self._look_back_sec = look_back_sec
        self._from = since - look_back_sec
        self._newest = since
        self._seen: dict[str, float] = {}

    async def poll(self, now: float, limit: int = 1000) -> list[StoredReel]:
        """Changes not yet seen, oldest first; `limit` reels a query. Raises StoreUnavailable, and then has seen none.

        The next poll looks back from this `now`, or from the newest stamp where that is older.
        """
        fresh: list[StoredReel] = []
        seen = dict(self._seen)
        since = self._from
        while True:
            batch = await self._reels.changed_since(since, limit)
            for stored in batch:
                if seen.get(stored.reel.reel_id) != stored.updated_at:
                    seen[stored.reel.reel_id] = stored.updated_at
                    fresh.append(stored)
            if len(batch) < limit or batch[-1].updated_at == since:
                break
            since = batch[-1].updated_at
        self._newest = max([self._newest, *(stored.updated_at for stored in fresh)])
        self._from = max(self._from, min(self._newest, now - self._look_back_sec))
        self._seen = {reel_id: at for reel_id, at in seen.items() if at >= self._from}
        return fresh
