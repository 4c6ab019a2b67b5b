"""Who is calling, and whether they may."""

from dataclasses import dataclass

from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection
from starlette.types import Scope as AsgiScope

from reels.api.revoked import RevokedLately
from reels.api.rules import TRUSTED
from reels.api.tokens import Principal, Scope, Tokens
from reels.core.errors import NotAllowed, NotAuthenticated

CALLER = "reels.caller"
"""Where `guarding` leaves the caller in the ASGI scope."""

documented_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Access token of `POST /auth/device`.")
"""A dependency that only documents: routes list it so that OpenAPI shows the lock."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Turns a request's bearer token into a caller."""

    tokens: Tokens
    revoked: RevokedLately

    def enter(self, scope: AsgiScope, allowed: frozenset[Scope], now: float) -> Principal:
        """NotAuthenticated without a good token, NotAllowed without one of the allowed scopes."""
        kind, _, token = _authorization(scope).partition(" ")
        if kind.lower() != "bearer" or not token:
            raise NotAuthenticated("send an access token: Authorization: Bearer ...")
        principal = self.tokens.verify(token.strip(), now)
        if self.revoked.refuses(principal):
            raise NotAuthenticated("the token was revoked: refresh it or sign up again")
        if principal.scopes.isdisjoint(allowed):
            raise NotAllowed("this token may not do this; it takes the scope " + " or ".join(sorted(allowed)))
        return principal

    def caller(self, request: HTTPConnection) -> Principal:
        """Who the request comes from, let in by the route's rule (`api.rules`)."""
        caller: Principal = request.scope[CALLER]
        return caller


def _authorization(scope: AsgiScope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value.decode("latin-1"))
    return ""


async def the_caller(request: HTTPConnection) -> Principal:
    """`Gate.caller` as a FastAPI dependency."""
    caller: Principal = request.scope[CALLER]
    return caller


def acting_for(principal: Principal, user_id: str | None) -> str:
    """The viewer a request is about: the caller, or whoever an administrator or service names."""
    if user_id is None or user_id == principal.user_id:
        return principal.user_id
    if principal.scopes.isdisjoint(TRUSTED):
        raise NotAllowed("user_id: another viewer's feed takes the scope admin or service")
    return user_id
