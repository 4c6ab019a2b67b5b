"""Sessions: short access tokens, and refresh tokens that are good once (RFC 9700 4.14.2, refresh token rotation).

A sign-up begins a session. Each refresh gives its next generation of tokens; the one before is then used up. Somebody
who shows a used-up one has an old copy: theirs or ours was stolen, so the session ends for both. But an answer may get
lost on its way: for `grace_sec` the newest used-up token is answered with the very tokens it was answered with before.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from reels.api.revoked import RevokedLately
from reels.api.tokens import LEEWAY_SEC, Principal, Scope, Tokens, Use
from reels.core.errors import NotAuthenticated
from reels.core.ports import SessionStore
from reels.core.types import Revocation, Session

LONGEST_TOKEN_SEC = 30 * 86_400.0
"""The longest life `reels token` gives: so long a subject's revocation is told."""
_log = structlog.get_logger(__name__)
_ENDED = "the session has ended: sign up again"


@dataclass(frozen=True, slots=True)
class Lives:
    """How long things are good for, in s."""

    access_sec: float = 900.0
    refresh_sec: float = 30 * 86_400.0
    grace_sec: float = 20.0
    admin_sec: float = 900.0


@dataclass(frozen=True, slots=True)
class Pair:
    """What a session is continued with."""

    user_id: str
    access_token: str
    refresh_token: str
    expires_in: int
    """Seconds the access token is still good for."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Begins, continues and ends them. `random_id` gives unguessable ids; `count` is told what became of each call."""

    store: SessionStore
    tokens: Tokens
    revoked: RevokedLately
    lives: Lives
    random_id: Callable[[], str]
    count: Callable[[str], None]

    async def begin(self, user_id: str, scopes: tuple[Scope, ...], now: float) -> Pair:
        """The first tokens of a new session."""
        session = Session(self.random_id(), user_id, tuple(scopes), now, now, now + self.lives.refresh_sec)
        await self.store.create(session)
        self.count("begun")
        return self._pair(session, now)

    async def refresh(self, token: str, now: float) -> Pair:
        """The next tokens for a refresh token. NotAuthenticated when it is used up, revoked or not ours."""
        shown = self.tokens.verify(token, now, Use.REFRESH)
        session = await self._living(shown, now)
        if shown.generation == session.generation:
            expires_at = now + self.lives.refresh_sec
            if await self.store.advance(session.session_id, session.generation, now, expires_at):
                self.count("refreshed")
                later = replace(session, generation=shown.generation + 1, refreshed_at=now, expires_at=expires_at)
                return self._pair(later, now)
            session = await self._living(shown, now)  # the same token came twice at once, or the session ended
        if shown.generation == session.generation - 1 and now - session.refreshed_at <= self.lives.grace_sec:
            self.count("retried")
            return self._pair(session, now)
        self.count("reused")
        _log.warning("refresh token shown again: the session ends", session=session.session_id)
        await self._revoke(session.session_id, now)
        raise NotAuthenticated(_ENDED)

    async def end(self, caller: Principal, now: float) -> None:
        """Sign out: the caller's session; of a token without one, nothing but the whole subject could be revoked."""
        if caller.session_id:
            self.count("ended")
            await self._revoke(caller.session_id, now)
        else:
            await self.end_all(caller.user_id, now)

    async def end_all(self, subject: str, now: float) -> int:
        """End every session of a viewer or administrator, and refuse all their tokens so far; how many sessions."""
        ended = await self.store.revoke_all(subject, now, now + LONGEST_TOKEN_SEC)
        self.revoked.add([Revocation("subject", subject, now)])
        self.count("ended")
        return ended

    async def _living(self, shown: Principal, now: float) -> Session:
        session = await self.store.get(shown.session_id)
        dead = session is None or session.revoked_at is not None or now >= session.expires_at
        if session is None or dead or session.user_id != shown.user_id or self.revoked.refuses(shown):
            self.count("refused")
            raise NotAuthenticated(_ENDED)
        return session

    async def _revoke(self, session_id: str, now: float) -> None:
        await self.store.revoke(session_id, now, now + self.lives.access_sec + 2 * LEEWAY_SEC)
        self.revoked.add([Revocation("session", session_id, now)])

    def _pair(self, session: Session, now: float) -> Pair:
        """The tokens of a session's newest generation: the same ones whenever they are made."""
        access, refresh = (
            self.tokens.mint(
                session.user_id,
                [Scope(one) for one in session.scopes],
                session.refreshed_at,
                life_sec,
                use,
                session_id=session.session_id,
                generation=session.generation,
            )
            for use, life_sec in ((Use.ACCESS, self.lives.access_sec), (Use.REFRESH, self.lives.refresh_sec))
        )
        left = max(0, int(session.refreshed_at + self.lives.access_sec - now))
        return Pair(session.user_id, access, refresh, left)
