"""The HTTP client of the API: typed, signs in without a form, refreshes its token silently.

Errors::

    ApiError
    ├── ApiUnreachable   no answer: no network, or the API is down
    ├── ApiBusy          the API asks to come back later (429, 503), with seconds if it says so
    └── ApiRefused       the API said no; carries status and the problem's title
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from reels_app.models import FeedPage, Mode, Profile, Reel
from reels_app.storage import Store

IDENTITY_KEY = "reels.identity"
UNAUTHORIZED = 401
BUSY = (429, 502, 503, 504)


class ApiError(Exception):
    """Anything that kept a call from its answer."""


class ApiUnreachable(ApiError):
    """No answer came."""


class ApiBusy(ApiError):
    """The API asks to come back in `retry_after` seconds (None: it did not say when)."""

    def __init__(self, status: int, retry_after: float | None) -> None:
        super().__init__(f"HTTP {status}: come back later")
        self.retry_after = retry_after


class ApiRefused(ApiError):
    """The API answered with a problem that trying again will not cure."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(f"HTTP {status}: {title}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch of events. `rejected` holds (index, reason)."""

    stored: int
    duplicates: int
    rejected: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class Identity:
    """Who this device is: a secret made here once, and the tokens it was given."""

    device_id: str
    user_id: str = ""
    access_token: str = ""
    refresh_token: str = ""

    def to_text(self) -> str:
        """As kept on the device."""
        return json.dumps(
            [self.device_id, self.user_id, self.access_token, self.refresh_token],
        )

    @classmethod
    def from_text(cls, text: str | None) -> Identity:
        """Read what was kept; a fresh identity when there is nothing readable."""
        try:
            return cls(*json.loads(text or ""))
        except (TypeError, ValueError):
            return cls(device_id=secrets.token_urlsafe(32))


class ApiClient:
    """One viewer's way to the API.

    `http` may be shared by many clients; `base_url` is where the API is for this process and
    `public_url` where it is for the player (they differ in server mode behind a proxy).
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        store: Store,
        base_url: str,
        public_url: str | None = None,
        language: str = "en",
        region: str | None = None,
    ) -> None:
        self.http = http
        self.store = store
        self.base_url = base_url.rstrip("/")
        self.public_url = (public_url or base_url).rstrip("/") + "/"
        self.language = language
        self.region = region
        self.identity: Identity | None = None
        self._signing_in = asyncio.Lock()

    def absolute(self, url: str) -> str:
        """`url` as the player can fetch it."""
        return urljoin(self.public_url, url)

    async def feed(self, mode: Mode = Mode.FOR_YOU, limit: int = 10, cursor: str | None = None) -> FeedPage:
        """The next page of the feed (`mode` for you or latest)."""
        query: dict[str, str | int] = {"limit": limit}
        if cursor:
            query["cursor"] = cursor
        if mode is Mode.LATEST:
            query["mode"] = mode.value
        return FeedPage.from_json(await self._call("GET", "/feed", params=query), self.absolute)

    async def send_events(self, events: Sequence[Mapping[str, Any]]) -> Receipt:
        """Hand over a batch (at most 500); says what was stored, known already, or refused."""
        answer = await self._call("POST", "/events", body={"events": list(events)})
        rejected = tuple(
            (int(item.get("index", -1)), str(item.get("reason", ""))) for item in answer.get("rejected") or ()
        )
        return Receipt(int(answer.get("stored", 0)), int(answer.get("duplicates", 0)), rejected)

    async def reel(self, reel_id: str) -> Reel:
        """One reel by its id; ApiRefused with status 404 when there is none."""
        path = f"/reels/{quote(reel_id, safe='')}"
        return Reel.from_json(await self._call("GET", path), self.absolute)

    async def profile(self) -> Profile:
        """What the API keeps of this viewer."""
        return Profile.from_json(await self._call("GET", "/me"), self.absolute)

    async def start_afresh(self) -> None:
        """Let the API forget what it learned of this viewer."""
        await self._call("POST", "/me/reset", body={})

    async def sign_in(self) -> Identity:
        """The identity of this device, made and signed in when there was none."""
        async with self._signing_in:
            if self.identity is None:
                self.identity = Identity.from_text(await self.store.read(IDENTITY_KEY))
            if not self.identity.access_token:
                await self._register(self.identity)
            return self.identity

    async def _renew(self, stale_token: str) -> None:
        """Fresh tokens after a refusal: by the refresh token, else by the device's secret.

        A refresh token is good once. Another window of the same device may have used it: then its tokens are taken.
        """
        async with self._signing_in:
            identity = self.identity
            if identity is None or identity.access_token != stale_token:
                return
            kept = Identity.from_text(await self.store.read(IDENTITY_KEY))
            if kept.device_id == identity.device_id and kept.access_token not in ("", stale_token):
                self.identity = kept
                return
            try:
                body = {"refresh_token": identity.refresh_token}
                await self._keep(identity, await self._send("POST", "/auth/refresh", body=body))
            except ApiRefused:
                await self._register(identity)

    async def _register(self, identity: Identity) -> None:
        body = {"device_id": identity.device_id, "language": self.language}
        if self.region:
            body["region"] = self.region
        await self._keep(identity, await self._send("POST", "/auth/device", body=body))

    async def _keep(self, identity: Identity, answer: Mapping[str, Any]) -> None:
        identity.user_id = str(answer["user_id"])
        identity.access_token = str(answer["access_token"])
        identity.refresh_token = str(answer["refresh_token"])
        await self.store.write(IDENTITY_KEY, identity.to_text())

    async def _call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """A signed-in call; a refused token is renewed: by another window's, and if that has ended too, by the API."""
        for _ in range(2):
            token = (await self.sign_in()).access_token
            try:
                return await self._send(method, path, token=token, **request)
            except ApiRefused as refusal:
                if refusal.status != UNAUTHORIZED:
                    raise
            await self._renew(token)
        token = (await self.sign_in()).access_token
        return await self._send(method, path, token=token, **request)

    async def _send(
        self,
        method: str,
        path: str,
        token: str = "",
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            # In a context of its own: a connection kept open remembers the context it was opened in, and with the
            # caller's it would keep a viewer's whole session in memory.
            call = self.http.request(method, self.base_url + path, params=params, json=body, headers=headers)
            response = await asyncio.get_running_loop().create_task(call, context=Context())
        except httpx.TransportError as error:
            raise ApiUnreachable(f"{method} {path}: {error!r}") from error
        return read_answer(response)


def read_answer(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; raises the error it stands for."""
    if response.status_code in BUSY:
        after = response.headers.get("retry-after", "")
        raise ApiBusy(response.status_code, float(after) if after.isdigit() else None)
    try:
        answer = response.json() if response.content else {}
    except ValueError as error:
        if response.is_success:
            raise ApiUnreachable(f"the answer is not JSON: {response.text[:80]!r}") from error
        answer = {}
    if response.is_success:
        return answer if isinstance(answer, dict) else {}
    detail = answer if isinstance(answer, dict) else {}
    title = detail.get("detail") or detail.get("title") or response.reason_phrase
    raise ApiRefused(response.status_code, str(title))
