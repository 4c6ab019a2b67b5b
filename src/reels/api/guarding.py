"""Stands before every route: the caller and the quota, by the route's rule (`api.rules`). There is no way around it."""

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Message, Receive, Scope, Send

from reels.api.auth import CALLER
from reels.api.limiting import Told
from reels.api.middleware import ROUTE
from reels.api.problems import problem_of, request_id_of
from reels.api.rules import OPEN_FOLDERS, Rule, rule_of
from reels.api.services import Services
from reels.core.errors import ConfigError, TooManyRequests


def guarded(route: BaseRoute, services: Services) -> BaseRoute:
    """The same route behind its rule. ConfigError where it has none."""
    if isinstance(route, Route) and route.methods:
        rules = {method: rule_of(method, route.path) for method in sorted(route.methods)}
        route.app = _Guard(route, rules, services)
    elif not (isinstance(route, Mount) and route.path in OPEN_FOLDERS):
        raise ConfigError(f"{route!r} has no rule: see reels/api/rules.py")
    return route


class _Guard:
    """One route and its rules by method."""

    def __init__(self, route: Route, rules: dict[str, Rule], services: Services) -> None:
        self._path, self._answer, self._rules = route.path, route.app, rules
        self._gate, self._clock = services.gate, services.clock
        self._limiter, self._clients = services.limiter, services.clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        rule = self._rules[scope["method"]]
        scope[ROUTE] = self._path
        now = self._clock()
        if rule.scopes:
            scope[CALLER] = self._gate.enter(scope, rule.scopes, now)
        told = await self._take(rule, scope, now)
        if told is None:
            await self._answer(scope, receive, send)
            return
        send = _telling(send, told)
        if told.retry_sec:
            refusal = TooManyRequests(f"more than {told.quota.requests} in {told.quota.window_sec} s", told.retry_sec)
            await problem_of(refusal, request_id_of(scope))(scope, receive, send)
            return
        await self._answer(scope, receive, send)

    async def _take(self, rule: Rule, scope: Scope, now: float) -> Told | None:
        if rule.group is None or self._limiter is None:
            return None
        who = scope[CALLER].user_id if rule.scopes else self._clients.name_of(scope, now)
        return None if who is None else await self._limiter.take(rule.group, who, now)


def _telling(send: Send, told: Told) -> Send:
    """Adds what is left of the quota to the answer."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *told.headers()]
        await send(message)

    return telling
