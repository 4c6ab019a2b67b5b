"""After a whole session nothing kept or logged tells whose it was: no address, no device id, no token, no password."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import httpx
import pytest
import structlog
from tests.api.serving import Served, serving
from tests.conftest import Database
from tests.ingesting import event

from reels.api.limiting import Limiter
from reels.api.passwords import hashed
from reels.api.rules import Group
from reels.core.types import Admin, Quota
from reels.stores.redis import connect as redis_connect
from reels.stores.redis.buckets import RedisBuckets
from reels.telemetry.failures import without_messages

pytestmark = pytest.mark.anyio
ADDRESS, DEVICE, PASSWORD = "203.0.113.77", "the-devices-own-secret-0042", "correct horse battery staple"
AGENT = "Mozilla/5.0 (a telltale browser)"
MISTAKEN = "a-password-typed-as-name"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Every log line, of every level, while the test runs; exceptions as `reels.cli.logs` writes them."""
    before, lines = structlog.get_config(), StringIO()
    structlog.configure(
        processors=[without_messages, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(lines),
        wrapper_class=structlog.make_filtering_bound_logger(0),
        cache_logger_on_first_use=False,
    )
    yield lines
    structlog.configure(**before)


async def a_session(served: Served) -> list[str]:
    """Everything a device does, good and bad; the tokens it was given."""
    transport = httpx.ASGITransport(served.app, client=(ADDRESS, 5), raise_app_exceptions=False)
    headers = {"x-forwarded-for": ADDRESS, "user-agent": AGENT}
    async with httpx.AsyncClient(transport=transport, base_url="http://reels", headers=headers) as http:
        tokens = (await http.post("/auth/device", json={"device_id": DEVICE})).json()
        http.headers["authorization"] = f"Bearer {tokens['access_token']}"
        for _ in range(3):
            await http.get("/feed")
        await http.post("/events", json={"events": [event("e1"), event("e2", reel="nothing"), 7]})
        await http.get("/me")
        await http.get(f"/nothing/{DEVICE}")
        await http.get("/feed", params={"device": DEVICE})
        fresh = (await http.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
        served.clock.now += 60
        await http.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        for name, password in (("ana", PASSWORD), ("ana", "wrong"), (MISTAKEN, "wrong")):
            admin = (await http.post("/auth/admin", json={"name": name, "password": password})).json()
            tokens["admin"] = tokens.get("admin") or admin["access_token"]
        await http.post("/auth/logout", headers={"authorization": f"Bearer {tokens['admin']}"})
        served.feed.failing = RuntimeError("a fault of ours")
        await http.get("/feed", headers=served.bearer())
    return [*(tokens[one] for one in ("access_token", "refresh_token", "admin")), fresh["refresh_token"]]


async def kept_in(mongo: Database, redis: Any) -> str:
    documents = [await mongo[name].find().to_list() for name in await mongo.list_collection_names()]
    values = [[key, await redis.get(key)] for key in await redis.keys()]
    return f"{documents}{values}"


async def test_neither_the_stores_nor_the_log_tell(mongo: Database, redis: Any, redis_url: str, log: StringIO) -> None:
    connection = redis_connect.connect(redis_url)
    quotas = {group: Quota(50 if group is Group.AUTH else 2, 3600) for group in Group}  # none ends meanwhile
    limiter = Limiter(RedisBuckets(connection), quotas, lambda group, what: None)
    async with serving(mongo, redis_url, limiter=limiter) as served:
        await served.services.stores.admins.create(Admin("ana", hashed(PASSWORD), 0, 0))
        tokens = await a_session(served)
        kept, logged = await kept_in(mongo, redis), log.getvalue()
    await connection.close()
    assert "limits:v1:gcra:{c_" in kept
    assert "argon2id" in kept
    assert "unhandled" in logged
    assert logged.count('"route": "/feed"') >= 4
    secrets = [ADDRESS, DEVICE, AGENT, PASSWORD, MISTAKEN, *(token.rpartition(".")[2] for token in tokens)]
    assert [secret for secret in secrets if secret in kept] == []
    assert [secret for secret in secrets if secret in logged] == []
