"""Who is calling, and whether they may."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from reels.api.tokens import Principal, Scope, Tokens
from reels.core.errors import NotAllowed, NotAuthenticated

VIEWING = frozenset({Scope.VIEWER, Scope.ADMIN, Scope.SERVICE})
TRUSTED = frozenset({Scope.ADMIN, Scope.SERVICE})
"""Who may act for another viewer."""
ADMIN = frozenset({Scope.ADMIN})

_documented = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Access token of `POST /auth/device`.")


@dataclass(frozen=True, slots=True)
class Gate:
    """Turns a request's bearer token into a caller. `clock` gives epoch s."""

    tokens: Tokens
    clock: Callable[[], float]

    def caller(self, request: HTTPConnection, allowed: frozenset[Scope] = VIEWING) -> Principal:
        """NotAuthenticated without a good token, NotAllowed without one of the allowed scopes."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise NotAuthenticated("send an access token: Authorization: Bearer ...")
        principal = self.tokens.verify(token.strip(), self.clock())
        if principal.scopes.isdisjoint(allowed):
            raise NotAllowed("this token may not do this; it takes the scope " + " or ".join(sorted(allowed)))
        return principal

    def needs(self, allowed: frozenset[Scope]) -> Callable[[Request], Awaitable[Principal]]:
        """The caller as a FastAPI dependency."""

        async def caller(request: Request) -> Principal:
            return self.caller(request, allowed)

        return caller


documented_bearer = _documented
"""A dependency that only documents: routes list it so that OpenAPI shows the lock."""


def acting_for(principal: Principal, user_id: str | None) -> str:
    """The viewer a request is about: the caller, or whoever an administrator or service names."""
    if user_id is None or user_id == principal.user_id:
        return principal.user_id
    if principal.scopes.isdisjoint(TRUSTED):
        raise NotAllowed("user_id: another viewer's feed takes the scope admin or service")
    return user_id
