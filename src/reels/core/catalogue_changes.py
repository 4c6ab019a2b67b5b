"""Following the catalogue: every new or changed reel once, in about the order of the changes."""

from reels.core.ports import ReelStore, StoredReel

LOOK_BACK_SEC = 5.0
"""How far back each poll looks. A stamp may become visible after a later one, by the time a write takes: milliseconds,
seconds on an overloaded machine."""


class CatalogueChanges:
    """What one reader has seen of the catalogue's changes.

    A poll asks from a little before the last one, not from the newest stamp seen: two writers may overtake each other.
    Only ids and stamps are asked for (an index has them); of these, the reels not seen in this window before are read.
    """

    def __init__(self, reels: ReelStore, since: float = 0.0, look_back_sec: float = LOOK_BACK_SEC) -> None:
        """`since`: `updated_at` up to which everything is known already, e.g. a snapshot's; looked back from, too."""
        self._reels = reels
        self._look_back_sec = look_back_sec
        self._from = since - look_back_sec
        self._newest = since
        self._seen: dict[str, float] = {}

    async def poll(self, now: float, limit: int = 10_000) -> list[StoredReel]:
        """Reels as they are now whose changes were not seen yet, oldest change first; `limit` stamps a query.

        The next poll looks back from this `now`, or from the newest stamp where that is older.
        Raises StoreUnavailable, and then has seen none.
        """
        stamps = await self._stamps(limit)
        unseen = [reel_id for reel_id, stamp in stamps.items() if self._seen.get(reel_id) != stamp]
        found = await self._reels.get(unseen) if unseen else {}
        fresh = [found[reel_id] for reel_id in unseen if reel_id in found]
        # A reel may have changed again since its stamp was read: that later change is what was seen.
        stamps |= {one.reel.reel_id: one.updated_at for one in fresh}
        self._newest = max([self._newest, *stamps.values()])
        self._from = max(self._from, min(self._newest, now - self._look_back_sec))
        self._seen = {reel_id: at for reel_id, at in stamps.items() if at >= self._from}
        return fresh

    async def _stamps(self, limit: int) -> dict[str, float]:
        """Stamp by reel of everything in the window, in the order of the changes."""
        stamps: dict[str, float] = {}
        since = self._from
        while True:
            batch = await self._reels.changed_since(since, limit)
            for reel_id, stamp in batch:
                stamps.pop(reel_id, None)
                stamps[reel_id] = stamp
            if len(batch) < limit or batch[-1][1] == since:
                return stamps
            since = batch[-1][1]
