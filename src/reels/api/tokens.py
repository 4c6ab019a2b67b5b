"""Access and refresh tokens: JWTs signed with Ed25519 (EdDSA, RFC 8037), nothing else accepted.

kid   first 16 hex digits of the SHA-256 of the public key: keys can be rotated, old ones still verify
iss   `reels`                     aud   `reels-api` (access), `reels-refresh` (refresh): one is never the other
sub   the viewer's pseudonym      exp, nbf, iat   epoch s, checked against the time given
scope blank-separated: viewer, creator, admin, service
sid   the session it belongs to, if any; jti of a refresh token is `sid.generation`

Nothing in a token is left to chance, and EdDSA is deterministic: the same arguments make the same token.
"""

import base64
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reels.core.errors import NotAuthenticated

ISSUER = "reels"
LEEWAY_SEC = 5
"""How far the clocks of two API machines may be apart."""
CACHED_TOKENS = 10_000
_LONGEST_TOKEN = 2000
_REQUIRED = ["exp", "nbf", "iat", "sub", "iss", "aud"]
# Time is an argument here, so PyJWT must not look at its own clock.
_NO_CLOCK = {"require": _REQUIRED, "verify_exp": False, "verify_nbf": False, "verify_iat": False}


class Scope(StrEnum):
    """What a token may be used for."""

    VIEWER = "viewer"
    CREATOR = "creator"
    ADMIN = "admin"
    SERVICE = "service"


class Use(StrEnum):
    """What kind of token it is; the value is its audience."""

    ACCESS = "reels-api"
    REFRESH = "reels-refresh"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, from a token that was verified."""

    user_id: str
    scopes: frozenset[Scope]
    expires_at: float
    not_before: float = 0.0
    issued_at: float = 0.0
    session_id: str = ""
    """"" = of no session: made by `reels token`."""
    generation: int = -1
    """Of a refresh token: which one of its session it is."""


class Tokens:
    """Signs with one key, verifies with it and with older ones."""

    def __init__(self, signing: Ed25519PrivateKey, also_trusted: Iterable[Ed25519PublicKey] = ()) -> None:
        self._signing = signing
        self._kid = key_id(signing.public_key())
        self._trusted = {key_id(key): key for key in (*also_trusted, signing.public_key())}
        self._verified: dict[str, Principal] = {}

    def mint(
        self,
        user_id: str,
        scopes: Iterable[Scope],
        now: float,
        life_sec: float,
        use: Use = Use.ACCESS,
        *,
        session_id: str = "",
        generation: int = -1,
    ) -> str:
        """A token for `user_id`, good from `now` (epoch s) for `life_sec`; a refresh token needs the last two."""
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": use.value,
            "sub": user_id,
            "scope": " ".join(sorted(scopes)),
            "iat": round(now, 3),  # fractions: signing out and in again may happen within one second
            "nbf": int(now),
            "exp": math.ceil(now + life_sec),
        }
        if session_id:
            claims["sid"] = session_id
        if use is Use.REFRESH:
            claims["jti"] = f"{session_id}.{generation}"
        return jwt.encode(claims, self._signing, algorithm="EdDSA", headers={"kid": self._kid})

    def verify(self, token: str, now: float, use: Use = Use.ACCESS) -> Principal:
        """Who this token speaks for at `now`. NotAuthenticated says what is wrong with it."""
        known = self._verified.get(token) if use is Use.ACCESS else None
        principal = known or self._decode(token, use)
        if now >= principal.expires_at + LEEWAY_SEC:
            raise NotAuthenticated("the token has expired: refresh it or sign up again")
        if now < principal.not_before - LEEWAY_SEC:
            raise NotAuthenticated("the token is not valid yet: check the clocks")
        if known is None and use is Use.ACCESS:
            self._remember(token, principal, now)
        return principal

    def key_set(self) -> dict[str, Any]:
        """The public keys that tokens are checked with (JWKS, RFC 7517 and 8037), the signing one first."""
        first = {self._kid: self._trusted[self._kid]}
        return {"keys": [_jwk(kid, key) for kid, key in (first | self._trusted).items()]}

    def _decode(self, token: str, use: Use) -> Principal:
        if len(token) > _LONGEST_TOKEN:
            raise NotAuthenticated("the token is too long to be ours")
        try:
            key = self._trusted.get(jwt.get_unverified_header(token).get("kid", ""))
            if key is None:
                raise NotAuthenticated("the token was not signed by a key of ours")
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=use.value,
                issuer=ISSUER,
                options=_NO_CLOCK,  # type: ignore[arg-type]
            )
            return _principal(claims, use)
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise NotAuthenticated(f"the token can't be trusted: {_named(error)}") from None

    def _remember(self, token: str, principal: Principal, now: float) -> None:
        """An EdDSA check costs a few hundred microseconds; the oldest go when they have expired, or to make room."""
        while self._verified:
            oldest, known = next(iter(self._verified.items()))
            if len(self._verified) < CACHED_TOKENS and now < known.expires_at + LEEWAY_SEC:
                break
            del self._verified[oldest]
        self._verified[token] = principal


def key_id(key: Ed25519PublicKey) -> str:
    """The `kid` of a key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _jwk(kid: str, key: Ed25519PublicKey) -> dict[str, str]:
    x = base64.urlsafe_b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode().rstrip("=")
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA"}


def _principal(claims: Mapping[str, Any], use: Use) -> Principal:
    times = [float(claims[name]) for name in ("exp", "nbf", "iat")]
    if not all(map(math.isfinite, times)):
        raise ValueError("times")
    scopes = frozenset(Scope(one) for one in str(claims.get("scope", "")).split())
    session_id, generation = str(claims.get("sid", "")), -1
    if use is Use.REFRESH:
        of_session, _, number = str(claims["jti"]).rpartition(".")
        if not session_id or of_session != session_id:
            raise ValueError("jti")
        generation = int(number)
    return Principal(str(claims["sub"]), scopes, times[0], max(times[1:]), times[2], session_id, generation)


def _named(error: Exception) -> str:
    """The kind of fault in words, without the token's own content."""
    names = {
        jwt.InvalidSignatureError: "wrong signature",
        jwt.InvalidAudienceError: "made for another use",
        jwt.InvalidIssuerError: "another issuer",
        jwt.InvalidAlgorithmError: "an algorithm that is not accepted",
        jwt.MissingRequiredClaimError: "a claim is missing",
    }
    return names.get(type(error), "not a token of ours")
