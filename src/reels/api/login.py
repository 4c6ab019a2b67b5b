"""Signing administrators in, and locking out who guesses.

Each attempt is counted before the password is looked at, under the name and under the client, so that guesses made at
the same time count too; a good one clears both. From the fifth failure in a row on there is a pause before the next
attempt, 30 s and then twice as long each time up to an hour; after a day without a failure all is forgotten.
"""

from dataclasses import dataclass, field

import structlog

from reels.api.passwords import Passwords
from reels.api.pseudonyms import Pseudonyms
from reels.api.tokens import Scope, Tokens
from reels.core.errors import NotAuthenticated, TooManyRequests
from reels.core.ports import AdminStore, AuditStore
from reels.core.types import Failures

FREE = 5
"""Failures in a row without a pause."""
FIRST_PAUSE_SEC, LONGEST_PAUSE_SEC = 30.0, 3600.0
FORGOTTEN_SEC = 86_400.0
NOBODY = "(unknown)"
"""In the audit: whoever tries a name that is nobody's."""
_TRIES = 8
_log = structlog.get_logger(__name__)


def pause_sec(failures: int) -> float:
    """How long after that many failures in a row the next attempt must wait."""
    if failures < FREE:
        return 0.0
    return min(FIRST_PAUSE_SEC * 2.0 ** min(failures - FREE, 16), LONGEST_PAUSE_SEC)


@dataclass(frozen=True, slots=True)
class AdminLogin:
    """Gives a token for a name and a password."""

    admins: AdminStore
    audit: AuditStore
    tokens: Tokens
    pseudonyms: Pseudonyms
    life_sec: float
    passwords: Passwords = field(default_factory=Passwords)

    async def sign_in(self, name: str, password: str, client: str, session_id: str, now: float) -> str:
        """An access token. NotAuthenticated, alike for wrong names, wrong passwords and disabled administrators;
        TooManyRequests while there is a pause.
        """
        keys = (self.pseudonyms.of_name(name), client)
        for key in keys:
            _wait(await self.admins.failures(key), now)
        failed = [await self._count(key, now) for key in keys]
        admin = await self.admins.get(name)
        usable = admin if admin is not None and admin.disabled_at is None else None
        good = await self.passwords.right(usable.password_hash if usable else None, password)
        who = admin.name if admin else NOBODY
        if not good:
            pause = max(map(pause_sec, failed))
            await self.audit.add(who, "lockout" if pause else "login_failed", {"pause_sec": pause}, now)
            _log.warning("administrator not signed in", pause_sec=pause)
            raise NotAuthenticated("name or password is wrong")
        await self.audit.add(who, "login", {}, now)
        await self.admins.clear_failures(keys)
        return self.tokens.mint(who, [Scope.ADMIN], now, self.life_sec, session_id=session_id)

    async def _count(self, key: str, now: float) -> int:
        """This attempt counted as failed until it is known better; how many failures in a row that makes."""
        for _ in range(_TRIES):
            before = await self.admins.failures(key)
            _wait(before, now)
            if now - before.newest_at >= FORGOTTEN_SEC and before.count:
                await self.admins.clear_failures([key])
                before = Failures()
            if await self.admins.count_failure(key, before, now, now + FORGOTTEN_SEC):
                return before.count + 1
        raise TooManyRequests("too many sign-ins at the same time", 1.0)


def _wait(failed: Failures, now: float) -> None:
    """TooManyRequests during the pause."""
    left = failed.newest_at + pause_sec(failed.count) - now
    if left > 0:
        raise TooManyRequests("too many failed sign-ins", left)
