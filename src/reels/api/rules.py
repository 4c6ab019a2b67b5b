"""Who may call what: the one table of the API. `guarding` enforces it before a route sees the request.

A route that is not in here can't be served: `create_app` refuses it.

| scope | who | may |
|---|---|---|
| viewer | a device that signed up | see its own feed, tell its own events, see and change what is kept about it |
| creator | nobody is given it yet | end its own session, nothing else |
| admin | a person with a password | all a viewer may, any viewer's feed, everything under /admin |
| service | a program of ours, by `reels token` | all a viewer may, any viewer's feed |
"""

from dataclasses import dataclass
from enum import StrEnum

from reels.api.tokens import Scope
from reels.core.errors import ConfigError

EVERYBODY: frozenset[Scope] = frozenset()
"""No token is needed, and none is looked at."""
VIEWING = frozenset({Scope.VIEWER, Scope.ADMIN, Scope.SERVICE})
TRUSTED = frozenset({Scope.ADMIN, Scope.SERVICE})
"""Who may act for another viewer."""
ADMIN = frozenset({Scope.ADMIN})
ANY_SCOPE = frozenset(Scope)


class Group(StrEnum):
    """Routes that share a quota. The quota is a viewer's; of `auth`, where nobody is known yet, a client's."""

    FEED = "feed"
    EVENTS = "events"
    ACCOUNT = "account"
    ADMIN = "admin"
    AUTH = "auth"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a route."""

    scopes: frozenset[Scope]
    """One of them is enough; none = everybody."""
    group: Group | None = None
    """Whose quota it counts against; None = not counted here."""
    for_others: frozenset[Scope] = frozenset()
    """Who may name another viewer in the request; everybody else sees and changes only their own."""
    audited: bool = False
    """It changes something in an administrator's name, or lets one in: it is in the audit."""


_OPEN = Rule(EVERYBODY)
_SIGN_IN = Rule(EVERYBODY, Group.AUTH)
_OWN = Rule(VIEWING, Group.ACCOUNT)
_LOOK = Rule(ADMIN, Group.ADMIN, for_others=ADMIN)
_CHANGE = Rule(ADMIN, Group.ADMIN, for_others=ADMIN, audited=True)

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/feed"): Rule(VIEWING, Group.FEED, for_others=TRUSTED),
    ("POST", "/events"): Rule(VIEWING, Group.EVENTS),
    ("GET", "/reels/{reel_id:path}"): _OWN,
    ("GET", "/me"): _OWN,
    ("PATCH", "/me"): _OWN,
    ("POST", "/me/reset"): _OWN,
    ("POST", "/auth/device"): _SIGN_IN,
    ("POST", "/auth/refresh"): _SIGN_IN,
    ("POST", "/auth/admin"): Rule(EVERYBODY, Group.AUTH, audited=True),
    ("POST", "/auth/logout"): Rule(ANY_SCOPE, Group.ACCOUNT),
    ("GET", "/admin/stats"): _LOOK,
    ("GET", "/admin/audit"): _LOOK,
    ("POST", "/admin/reels"): _CHANGE,
    ("GET", "/admin/policy"): _LOOK,
    ("PUT", "/admin/policy"): _CHANGE,
    ("GET", "/admin/policy/history"): _LOOK,
    ("GET", "/admin/jobs"): _LOOK,
    ("POST", "/admin/jobs/{name}"): _CHANGE,
    ("GET", "/admin/feeds/{feed_id}"): _LOOK,
    ("POST", "/admin/viewers/{user_id}/revoke"): _CHANGE,
    ("GET", "/media/{reel_id:path}.mp4"): _OPEN,
    ("GET", "/media/{reel_id:path}.jpg"): _OPEN,
    ("GET", "/.well-known/jwks.json"): _OPEN,
    ("GET", "/healthz"): _OPEN,
    ("GET", "/readyz"): _OPEN,
    ("GET", "/metrics"): _OPEN,
    ("GET", "/openapi.json"): _OPEN,
    ("GET", "/docs"): _OPEN,
    ("GET", "/docs/oauth2-redirect"): _OPEN,
    ("GET", "/redoc"): _OPEN,
}
"""By method and path template. A template's HEAD goes by its GET."""

OPEN_FOLDERS = frozenset({"/static-offline-docs"})
"""Mounted files everybody may fetch."""


def rule_of(method: str, path: str) -> Rule:
    """The rule of a route. ConfigError where there is none: such a route must not be served."""
    rule = RULES.get(("GET" if method == "HEAD" else method, path))
    if rule is None:
        raise ConfigError(f"{method} {path} has no rule: say in reels/api/rules.py who may call it")
    return rule
