"""The short way to the hot routes: only what is exactly one of them, and errors answered as everywhere."""

from typing import Any

import orjson
import pytest
from starlette.types import Message, Receive, Scope, Send

from reels.api.hot import HotRoutes
from reels.core.errors import NotAllowed

pytestmark = pytest.mark.anyio


async def answered(scope: Scope, way: Any) -> list[Message]:
    """What is sent, or `app`, where the request went on."""
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "app"})

    async def send(message: Message) -> None:
        sent.append(dict(message))

    async def receive() -> Message:
        return {"type": "http.request"}

    await HotRoutes(app, {("GET", "/feed"): way})(scope, receive, send)
    return sent


def http(method: str, path: str) -> Scope:
    return {"type": "http", "method": method, "path": path, "headers": [], "reels.request_id": "r1"}


async def way(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "way"})


@pytest.mark.parametrize(
    ("method", "path"), [("HEAD", "/feed"), ("POST", "/feed"), ("GET", "/feed/"), ("GET", "/feeds"), ("GET", "/")]
)
async def test_everything_else_goes_on_to_the_router(method: str, path: str) -> None:
    assert await answered(http(method, path), way) == [{"type": "app"}]
    assert await answered({"type": "lifespan"}, way) == [{"type": "app"}]


async def test_a_hot_route_is_asked_at_once() -> None:
    assert await answered(http("GET", "/feed"), way) == [{"type": "way"}]


async def test_an_error_of_ours_is_a_problem_and_any_other_goes_on() -> None:
    async def refuses(scope: Scope, receive: Receive, send: Send) -> None:
        raise NotAllowed("not you")

    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    start, body = await answered(http("GET", "/feed"), refuses)
    assert start["status"] == 403
    assert orjson.loads(body["body"])["request_id"] == "r1"
    with pytest.raises(ZeroDivisionError):
        await answered(http("GET", "/feed"), breaks)
