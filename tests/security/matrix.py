"""Who may do what: one rule for every route of the application, written apart from the application.

A route without a rule here fails `test_matrix.py`; so does a rule without a route.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from starlette.routing import Mount
from tests.security.attacked import NAME, PASSWORD, Attacked, Viewer

from reels.api.tokens import Scope, key_id

V, C, A, S = Scope.VIEWER, Scope.CREATOR, Scope.ADMIN, Scope.SERVICE
EVERYBODY: frozenset[Scope] | None = None
"""No token needed, none looked at."""
VIEWING = frozenset({V, A, S})
ADMIN = frozenset({A})
ANY = frozenset(Scope)

Key = tuple[str, str]
"""Method and path template."""


@dataclass(frozen=True)
class Rule:
    """Who may call a route, and a request of theirs that is fine but for who sends it."""

    allowed: frozenset[Scope] | None
    path: str = ""
    """Where the template has parameters."""
    body: Any = None
    status: int = 200
    """What a good request is answered."""
    named: str = ""
    """Query field that names another viewer: takes admin or service."""

    def request(self, viewer: Viewer, template: str) -> tuple[str, dict[str, Any]]:
        """Address and arguments of the request, for this viewer's own data."""
        body = self.body(viewer) if callable(self.body) else self.body
        return self.path or template, {} if body is None else {"json": body}


def _event(_: Viewer) -> Any:
    told = {"event_id": "e1", "reel_id": "r00001", "kind": "like", "occurred_at": int(time.time() * 1000)}
    return {"events": [told]}


def _refresh(viewer: Viewer) -> Any:
    return {"refresh_token": viewer.refresh}


_FILM = "/media/{reel_id:path}"
MATRIX: dict[Key, Rule] = {
    ("GET", "/openapi.json"): Rule(EVERYBODY),
    ("GET", "/docs"): Rule(EVERYBODY),
    ("GET", "/docs/oauth2-redirect"): Rule(EVERYBODY),
    ("GET", "/redoc"): Rule(EVERYBODY),
    ("MOUNT", "/static-offline-docs"): Rule(EVERYBODY, "/static-offline-docs/swagger-ui.css"),
    ("GET", "/healthz"): Rule(EVERYBODY),
    ("GET", "/readyz"): Rule(EVERYBODY),
    ("GET", "/metrics"): Rule(EVERYBODY),
    ("GET", f"{_FILM}.mp4"): Rule(EVERYBODY, "/media/r00001.mp4"),
    ("GET", f"{_FILM}.jpg"): Rule(EVERYBODY, "/media/r00001.jpg"),
    ("POST", "/auth/device"): Rule(EVERYBODY, body={}),
    ("POST", "/auth/refresh"): Rule(EVERYBODY, body=_refresh),
    ("POST", "/auth/admin"): Rule(EVERYBODY, body={"name": NAME, "password": PASSWORD}),
    ("POST", "/auth/logout"): Rule(ANY, status=204),
    ("GET", "/.well-known/jwks.json"): Rule(EVERYBODY),
    ("GET", "/feed"): Rule(VIEWING, named="user_id"),
    ("POST", "/events"): Rule(VIEWING, body=_event),
    ("GET", "/reels/{reel_id:path}"): Rule(VIEWING, "/reels/r00001"),
    ("GET", "/me"): Rule(VIEWING),
    ("PATCH", "/me"): Rule(VIEWING, body={"region": "IN"}),
    ("POST", "/me/reset"): Rule(VIEWING),
    ("GET", "/admin/stats"): Rule(ADMIN),
    ("GET", "/admin/audit"): Rule(ADMIN),
    ("POST", "/admin/reels"): Rule(ADMIN, body={"unblock": ["r00002"]}),
    ("GET", "/admin/policy"): Rule(ADMIN),
    ("PUT", "/admin/policy"): Rule(ADMIN, body={"epsilon": 0.15}),
    ("GET", "/admin/policy/history"): Rule(ADMIN),
    ("GET", "/admin/jobs"): Rule(ADMIN),
    ("POST", "/admin/jobs/{name}"): Rule(ADMIN, "/admin/jobs/popularity", status=202),
    ("POST", "/admin/viewers/{user_id}/revoke"): Rule(ADMIN, "/admin/viewers/u_nobody/revoke"),
    ("GET", "/admin/feeds/{feed_id}"): Rule(ADMIN, "/admin/feeds/0123", status=404),
}


@dataclass(frozen=True)
class Caller:
    """One way to come: what is sent as `authorization`, and which scopes that is worth (None: not signed in)."""

    token: Callable[[Attacked, Viewer], str | None]
    worth: frozenset[Scope] | None = None
    scheme: str = "Bearer"

    def headers(self, target: Attacked, viewer: Viewer) -> Mapping[str, str]:
        """As sent."""
        token = self.token(target, viewer)
        return {} if token is None else {"authorization": f"{self.scheme} {token}"}


def _good(*scopes: Scope) -> Caller:
    return Caller(lambda target, viewer: target.token(viewer.user_id, *scopes), frozenset(scopes))


def _bad(**told: Any) -> Caller:
    """A token with every scope there is, and one thing wrong with it."""
    return Caller(
        lambda target, viewer: target.forged(sub=viewer.user_id, **({"scope": "viewer admin service"} | told))
    )


CALLERS: dict[str, Caller] = {
    "nobody": Caller(lambda target, viewer: None),
    "signed up": Caller(lambda target, viewer: viewer.access, frozenset({V})),
    "viewer": _good(V),
    "creator": _good(C),
    "admin": _good(A),
    "service": _good(S),
    "creator and viewer": _good(C, V),
    "without a scope": Caller(lambda target, viewer: target.token(viewer.user_id), frozenset()),
    "basic": Caller(lambda target, viewer: target.token(viewer.user_id, A, V), scheme="Basic"),
    "expired": _bad(exp=1_700_000_000, iat=1_600_000_000, nbf=1_600_000_000),
    "not yet": _bad(nbf=4_000_000_000, exp=4_100_000_000),
    "wrong audience": _bad(aud="somebody-else"),
    "several audiences, none ours": _bad(aud=["reels-refresh", "other"]),
    "wrong issuer": _bad(iss="somebody-else"),
    "unknown scope": _bad(scope="viewer admin root"),
    "refresh token": Caller(lambda target, viewer: viewer.refresh),
    "admin refresh token": _bad(aud="reels-refresh"),
    "wrong key": _bad(key=Ed25519PrivateKey.from_private_bytes(b"stranger" * 4)),
    "unknown key": _bad(header={"kid": "0" * 16}),
    "a key of their own": _bad(
        key=(theirs := Ed25519PrivateKey.from_private_bytes(b"stranger" * 4)),
        header={"kid": key_id(theirs.public_key())},
    ),
    "cut": Caller(lambda target, viewer: target.token(viewer.user_id, V, A, S)[:-8]),
    "twice": Caller(lambda target, viewer: " ".join([target.token(viewer.user_id, V, A, S)] * 2)),
}


def expected(rule: Rule, caller: Caller) -> int:
    """The status a request must be answered."""
    if rule.allowed is None:
        return rule.status
    if caller.worth is None:
        return 401
    return rule.status if caller.worth & rule.allowed else 403


def routes_of(app: FastAPI) -> set[Key]:
    """Method and path of every route, whatever made it. A HEAD that comes with a GET is that GET's."""
    found = set(_walked(app.routes))
    return {key for key in found if key[0] != "HEAD" or ("GET", key[1]) not in found}


def _walked(routes: Iterable[Any]) -> Iterator[Key]:
    for route in routes:
        if hasattr(route, "effective_candidates"):  # FastAPI's included routers
            yield from _walked(route.effective_candidates())
        elif isinstance(route, Mount):
            yield ("MOUNT", route.path)
        else:
            for method in getattr(route, "methods", None) or {"WEBSOCKET"}:
                yield (method, route.path)
