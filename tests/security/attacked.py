"""The whole API as it is deployed (real wiring, real stores, a snapshot), called in this process by many requests."""

import asyncio
import base64
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
from anyio.from_thread import BlockingPortal, start_blocking_portal
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from tests.snapshots import make_snapshot, reel_name

from reels.api import key_files
from reels.api.passwords import hashed
from reels.api.tokens import Scope, Tokens, key_id
from reels.core.types import Admin, Reel
from reels.learning.shelf import Shelf
from reels.settings import Settings
from reels.wiring import open_api, open_stores

REELS = 60
ADMINISTRATOR = "u_administrator"
"""Subject of administrators' tokens that are made, not signed in for."""
NAME, PASSWORD = "ana", "correct horse battery staple"  # pragma: allowlist secret
"""Of the administrator who can sign in."""


@dataclass(frozen=True)
class Viewer:
    """Somebody who signed up, and their tokens as answered."""

    user_id: str
    access: str
    refresh: str

    @property
    def bearer(self) -> dict[str, str]:
        return bearer(self.access)


@dataclass(frozen=True)
class Attacked:
    """The running application."""

    app: FastAPI
    settings: Settings
    signing: Ed25519PrivateKey
    portal: BlockingPortal
    client: httpx.AsyncClient

    def send(self, method: str, url: str, **told: Any) -> httpx.Response:
        """One request, answered."""
        return self.portal.call(lambda: self.client.request(method, url, **told))

    def sign_up(self) -> Viewer:
        """A new viewer."""
        told = self.send("POST", "/auth/device", json={}).raise_for_status().json()
        return Viewer(told["user_id"], told["access_token"], told["refresh_token"])

    def token(self, user_id: str, *scopes: Scope) -> str:
        """A token as `reels token` makes it."""
        return Tokens(self.signing).mint(user_id, scopes, time.time(), 3600)

    def forged(self, key: Any = None, algorithm: str | None = "EdDSA", header: Any = None, **claims: Any) -> str:
        """A token with these claims in the place of good ones; None leaves one out."""
        now = int(time.time())
        good = {"iss": "reels", "aud": "reels-api", "sub": ADMINISTRATOR, "scope": "admin", "iat": now, "nbf": now}
        told = {name: value for name, value in (good | {"exp": now + 600} | claims).items() if value is not None}
        headers = {"kid": key_id(self.signing.public_key())} | (header or {})
        return jwt.encode(told, self.signing if key is None else key, algorithm=algorithm, headers=headers)


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {token}"}


def parts_of(token: str) -> tuple[Any, Any, bytes]:
    """Header, claims and signature of a JWT."""
    header, claims, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    return json.loads(header), json.loads(claims), signature


def joined(header: Mapping[str, Any], claims: Mapping[str, Any], signature: bytes) -> str:
    """A JWT of these parts, whatever they are worth."""
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@contextmanager
def attacked(mongo_url: str, redis_url: str, **more: Any) -> Iterator[Attacked]:
    """The application over a catalogue `r00000`.. with a snapshot and one administrator, without quotas of its own.

    `more` are settings, e.g. quotas.
    """
    unlimited = dict.fromkeys(["limit_feed", "limit_events", "limit_account", "limit_admin", "limit_auth"], 0)
    with tempfile.TemporaryDirectory(prefix="reels-") as made, start_blocking_portal() as portal:
        directory = Path(made)
        signing, pseudonym = key_files.create(directory / "keys")
        settings = Settings(
            data_dir=directory, mongo_url=mongo_url, mongo_database=f"security_{uuid4().hex}", redis_url=redis_url,
            signing_key_file=signing, pseudonym_key_file=pseudonym, catalogue_poll_sec=5.0, **(unlimited | more),
        )  # fmt: skip
        with portal.wrap_async_context_manager(_running(settings)) as (app, client):
            yield Attacked(app, settings, key_files.load_signing(signing), portal, client)


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    async with open_stores(settings) as stores:
        now = time.time()
        catalogue = [Reel(reel_name(n), f"Reel {n}", ("cooking",), 12.0, f"c{n % 4}", now - n) for n in range(REELS)]
        await stores.reels.upsert(catalogue, now)
        await stores.admins.create(Admin(NAME, hashed(PASSWORD), now, now))
        await asyncio.to_thread(Shelf(settings.data_dir / "snapshots").publish, make_snapshot(REELS))
        async with open_api(settings) as app, app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://reels") as client:
                yield app, client
        await stores.mongo.database.client.drop_database(settings.mongo_database)
