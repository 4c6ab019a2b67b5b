"""A tiny feed behind the HTTP API's shapes, to watch the watcher with: in memory, not one of our stores."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

Fault = Callable[[httpx.Request], httpx.Response | None]


@dataclass
class FakeFeed:
    """Serves `order(user_id)` page by page; keeps every event once, whatever is sent again."""

    order: Callable[[dict[str, str]], Sequence[str]]
    """Reels, best first, for a viewer who signed up with these words."""
    fault_before: Fault = lambda request: None
    """Answers instead of the feed; the request is not looked at."""
    fault_after: Fault = lambda request: None
    """Answers instead of the feed, after it has done its work (a lost acknowledgement)."""
    users: dict[str, dict[str, str]] = field(default_factory=dict)
    events: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    pages_after: list[tuple[str, int]] = field(default_factory=list)
    """(user, events known) at each page asked for."""

    def client(self) -> httpx.Client:
        return httpx.Client(base_url="http://feed.test", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        before = self.fault_before(request)
        if before is not None:
            return before
        doors = {
            "/auth/device": self._sign_up, "/auth/refresh": self._refresh, "/feed": self._page, "/events": self._take,
        }  # fmt: skip
        answer = doors[request.url.path](request)
        return self.fault_after(request) or answer

    def _sign_up(self, request: httpx.Request) -> httpx.Response:
        user = f"u{len(self.users)}"
        self.users[user] = json.loads(request.content)
        return httpx.Response(201, json=self._tokens(user))

    def _refresh(self, request: httpx.Request) -> httpx.Response:
        user = json.loads(request.content)["refresh_token"].removeprefix("refresh-")
        return httpx.Response(200, json=self._tokens(user))

    def _tokens(self, user: str) -> dict[str, Any]:
        tokens = {"access_token": f"token-{user}", "refresh_token": f"refresh-{user}"}
        return {"user_id": user, "expires_in": 900, **tokens}

    def _page(self, request: httpx.Request) -> httpx.Response:
        user, limit = self._user(request), int(request.url.params["limit"])
        start = int(request.url.params.get("cursor", "0"))
        self.pages_after.append((user, sum(owner == user for owner, _ in self.events)))
        reels = self.order(self.users[user])
        more = start + limit < len(reels)
        items = [
            {"reel_id": reel, "title": "t", "duration_sec": 20, "score": 0.5} for reel in reels[start : start + limit]
        ]
        page = {"feed_id": f"{user}-{start}", "items": items, "policy": "p1", "snapshot": "s1", "degraded": []}
        return httpx.Response(200, json={**page, "next_cursor": str(start + limit) if more else None})

    def _take(self, request: httpx.Request) -> httpx.Response:
        user, stored, duplicates = self._user(request), 0, 0
        for event in json.loads(request.content)["events"]:
            key = (user, event["event_id"])
            duplicates += key in self.events
            stored += key not in self.events
            self.events.setdefault(key, event)
        return httpx.Response(200, json={"stored": stored, "duplicates": duplicates, "rejected": []})

    def _user(self, request: httpx.Request) -> str:
        return request.headers["authorization"].removeprefix("Bearer token-")


def problem(status: int, detail: str, **headers: str) -> httpx.Response:
    """A problem response (RFC 9457)."""
    body = {"type": "about:blank", "status": status, "detail": detail}
    return httpx.Response(status, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
