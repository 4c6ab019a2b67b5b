"""The cursor: which page comes next, signed, so that it can't be made up or used by somebody else.

base64url(version 1 byte, feed_id of the next page 16 bytes, session seed uint64, page number uint32, mode 1 byte,
time of issue uint32, HMAC-SHA256 cut to 16 bytes over all of it and the user id). 67 characters. A page asked twice has
the same cursor, hence the same feed_id, hence the same stored page.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass

from reels.core.errors import BadCursor

_BODY = struct.Struct("<B16sQIBI")
_VERSION = 1
_MAC = 16
_MODES = ("for_you", "latest")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next page of a session. `feed_id` 32 hex digits; `issued_at` epoch s."""

    feed_id: str
    seed: int
    number: int
    mode: str = "for_you"
    issued_at: int = 0


def sign(cursor: Cursor, user_id: str, key: bytes) -> str:
    """The cursor as an opaque token for this viewer."""
    body = _BODY.pack(
        _VERSION,
        bytes.fromhex(cursor.feed_id),
        cursor.seed,
        cursor.number,
        _MODES.index(cursor.mode),
        cursor.issued_at,
    )
    return base64.urlsafe_b64encode(body + _mac(body, user_id, key)).rstrip(b"=").decode()


def verify(token: str, user_id: str, key: bytes) -> Cursor:
    """The cursor in a token; BadCursor when it is damaged, made up or another viewer's."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise BadCursor("not a cursor") from None
    if len(raw) != _BODY.size + _MAC or raw[0] != _VERSION:
        raise BadCursor("not a cursor of this version")
    body, mac = raw[: _BODY.size], raw[_BODY.size :]
    if not hmac.compare_digest(mac, _mac(body, user_id, key)):
        raise BadCursor("altered, or not this viewer's")
    _, feed_id, seed, number, mode, issued_at = _BODY.unpack(body)
    return Cursor(feed_id.hex(), seed, number, _MODES[mode], issued_at)


def after(cursor: Cursor, now: float) -> Cursor:
    """The page after this one. Its feed_id follows from this one's, so that a page computed twice has one successor."""
    digest = hashlib.sha256(b"next" + bytes.fromhex(cursor.feed_id)).hexdigest()[:32]
    return Cursor(digest, cursor.seed, cursor.number + 1, cursor.mode, int(now))


def page_seed(cursor: Cursor) -> int:
    """Seed of this page's chance: of the session's seed and the page's number, 63 bits."""
    digest = hashlib.sha256(struct.pack("<QI", cursor.seed, cursor.number)).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def _mac(body: bytes, user_id: str, key: bytes) -> bytes:
    return hmac.new(key, b"reels-cursor\0" + body + user_id.encode(), hashlib.sha256).digest()[:_MAC]
