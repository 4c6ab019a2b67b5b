"""What was revoked lately, in memory: an access token is good for minutes, and nobody asks a store for each request."""

from collections.abc import Iterable

from reels.api.tokens import Principal
from reels.core.ports import SessionStore
from reels.core.types import Revocation

OVERLAP_SEC = 30.0
"""Revocations are looked for so far back again: clocks of other workers differ, and a write takes its time."""
WHOLE_SEC = 600.0
"""How often all of them are read anew, which forgets those that are no longer told."""
_NEVER = float("-inf")


class RevokedLately:
    """Sessions that ended, and subjects (viewers, administrators) whose older tokens no longer count."""

    def __init__(self) -> None:
        self._sessions: set[str] = set()
        self._subjects: dict[str, float] = {}
        self._newest = self._whole_at = _NEVER

    def refuses(self, principal: Principal) -> bool:
        """Whether this token was revoked: two look-ups in memory."""
        if principal.session_id in self._sessions:
            return True
        return principal.issued_at <= self._subjects.get(principal.user_id, _NEVER)

    def add(self, revocations: Iterable[Revocation]) -> None:
        """Take note of these."""
        for one in revocations:
            if one.kind == "session":
                self._sessions.add(one.what)
            else:
                self._subjects[one.what] = max(one.at, self._subjects.get(one.what, _NEVER))
            self._newest = max(self._newest, one.at)

    async def look(self, store: SessionStore, now: float) -> None:
        """Read what was revoked since the last look. StoreUnavailable: what is known stays in force."""
        whole = now - self._whole_at >= WHOLE_SEC
        found = await store.revoked_since(0.0 if whole else self._newest - OVERLAP_SEC, now)
        if whole:
            self._sessions, self._subjects, self._whole_at = set(), {}, now
        self.add(found)
