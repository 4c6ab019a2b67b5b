"""Administrators' passwords: argon2id (RFC 9106) with argon2-cffi's costs, the low-memory profile of that RFC.

One check takes about 64 MiB and 40 ms, so no more than two run at a time.
"""

import asyncio
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from reels.core.errors import BadRequest, ConfigError

SHORTEST, LONGEST = 12, 256
"""Characters of a password."""
_AT_ONCE = 2
_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """As it is stored. BadRequest when it is too short or too long."""
    text = unicodedata.normalize("NFKC", password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise BadRequest("password", f"{len(text)} characters; {SHORTEST} to {LONGEST} are expected")
    return _hasher.hash(text.encode("utf-8", "surrogatepass"))


class Passwords:
    """Checks them, taking as long for somebody who does not exist."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def right(self, stored: str | None, password: str) -> bool:
        """Whether this is the password behind `stored`; None = there is nobody: looks as hard, and says no."""
        async with self._turns:
            return await asyncio.to_thread(_right, stored, password)


def _right(stored: str | None, password: str) -> bool:
    nobodys = _nobodys()
    text = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    try:
        return _hasher.verify(nobodys if stored is None else stored, text) and stored is not None
    except VerificationError:
        return False
    except InvalidHashError:
        raise ConfigError("the password stored for this administrator can't be read: `reels admin passwd`") from None


@cache
def _nobodys() -> str:
    """A hash that no password fits."""
    return _hasher.hash(b"\0")
