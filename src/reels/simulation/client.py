"""One viewer's side of the HTTP API: sign up, ask for pages, report what was done.

Answers that mean "later" (429, 502, 503, 504, no answer at all) are asked for again with the same body, so that a
batch of events keeps its event ids and is stored once, however often it had to be sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx
import msgspec

from reels.core.errors import FeedRefused, FeedUnreachable

LATER: Final = frozenset({429, 502, 503, 504})
NOT_SIGNED_IN: Final = 401


class SignedUp(msgspec.Struct, frozen=True):
    """Answer of `POST /auth/device` and `POST /auth/refresh`."""

    user_id: str
    access_token: str
    refresh_token: str = ""


class ShownReel(msgspec.Struct, frozen=True):
    """One reel of a page, as far as a simulated viewer cares."""

    reel_id: str
    duration_sec: float | None = None


class Page(msgspec.Struct, frozen=True):
    """Answer of `GET /feed`."""

    feed_id: str
    items: list[ShownReel]
    next_cursor: str | None = None
    degraded: list[str] | bool = False


class Rejected(msgspec.Struct, frozen=True):
    """An event the API would not take."""

    index: int
    reason: str


class Receipt(msgspec.Struct, frozen=True):
    """Answer of `POST /events`."""

    stored: int
    duplicates: int = 0
    rejected: list[Rejected] = []


class ReportedEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event as it is sent. `occurred_at` is ISO 8601, UTC."""

    event_id: str
    reel_id: str
    kind: str
    occurred_at: str
    feed_id: str
    position: int
    watch_sec: float | None = None
    duration_sec: float | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """How long an API that is busy or away is waited for."""

    attempts: int = 5
    """Times a request is sent at most."""
    first_wait_sec: float = 0.2
    """Wait after the first failure; doubles with each."""
    longest_wait_sec: float = 5.0
    """No single wait is longer, whatever Retry-After says."""


Answer = TypeVar("Answer")


class FeedClient:
    """The API for one viewer. `http` carries the address; `sleep` waits the given seconds."""

    def __init__(self, http: httpx.Client, sleep: Callable[[float], None], retry: Retry | None = None) -> None:
        self._http, self._sleep, self._retry = http, sleep, retry or Retry()
        self._headers: dict[str, str] = {}
        self._refresh_token = ""

    def sign_up(self, region: str, language: str) -> str:
        """Become a new viewer of the API; returns the user id."""
        body = {"region": region, "language": language}
        answer = self._ask(SignedUp, "POST", "/auth/device", content=msgspec.json.encode(body))
        return self._signed_in(answer)

    def page(self, limit: int, cursor: str | None) -> Page:
        """The next page; `cursor` is the last page's `next_cursor`, None for the first."""
        params: dict[str, str | int] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        return self._ask(Page, "GET", "/feed", params=params)

    def report(self, events: list[ReportedEvent]) -> Receipt:
        """Send events; returns once the API has acknowledged them."""
        return self._ask(Receipt, "POST", "/events", content=msgspec.json.encode({"events": events}))

    def _signed_in(self, answer: SignedUp) -> str:
        self._headers = {"authorization": f"Bearer {answer.access_token}"}
        self._refresh_token = answer.refresh_token
        return answer.user_id

    def _ask(self, shape: type[Answer], method: str, path: str, **request: Any) -> Answer:
        """The answer; a token that has ended is refreshed once."""
        response = self._answered(method, path, **request)
        if response.status_code == NOT_SIGNED_IN and self._refresh_token:
            body, self._refresh_token = msgspec.json.encode({"refresh_token": self._refresh_token}), ""
            self._signed_in(
                _read(SignedUp, "POST /auth/refresh", self._answered("POST", "/auth/refresh", content=body))
            )
            response = self._answered(method, path, **request)
        return _read(shape, f"{method} {path}", response)

    def _answered(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Whatever is answered but "later"; FeedUnreachable when nothing else ever is."""
        headers = {"content-type": "application/json", **self._headers}
        what, reason, wait = f"{method} {path}", "", 0.0
        for attempt in range(self._retry.attempts):
            if attempt:
                self._sleep(wait)
            wait = min(self._retry.first_wait_sec * 2**attempt, self._retry.longest_wait_sec)
            try:
                response = self._http.request(method, path, headers=headers, **request)
            except httpx.TransportError as error:
                reason = f"{type(error).__name__}: {error}"
                continue
            if response.status_code not in LATER:
                return response
            reason = _said(response)
            wait = min(max(wait, _retry_after(response)), self._retry.longest_wait_sec)
        raise FeedUnreachable(what, self._retry.attempts, reason)


def _read(shape: type[Answer], what: str, response: httpx.Response) -> Answer:
    if not response.is_success:
        raise FeedRefused(what, _said(response))
    try:
        return msgspec.json.decode(response.content, type=shape)
    except msgspec.DecodeError as error:
        raise FeedRefused(what, f"{response.status_code} with a body that is no {shape.__name__}: {error}") from error


def _said(response: httpx.Response) -> str:
    """Status and what a problem response (RFC 9457) gives as its reason."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    told = problem if isinstance(problem, dict) else {}
    return f"{response.status_code} {told.get('detail') or told.get('title') or response.reason_phrase}"


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 0.0
