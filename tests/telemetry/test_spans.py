import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from reels.api.metrics import Metrics
from reels.api.middleware import ROUTE, RequestContext
from reels.api.notes import notes_of
from reels.core.errors import StoreUnavailable
from reels.recommender.note import PageNote
from reels.telemetry.spans import Spans
from reels.telemetry.tracing import Traced, open_spans

pytestmark = pytest.mark.anyio

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


class Store:
    """A store with a secret argument."""

    def __init__(self) -> None:
        self.away = False

    async def read(self, user_id: str) -> str:
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("redis", f"asked for {user_id}")
        return f"state of {user_id}"

    def name(self) -> str:
        return "plain"


class Seen:
    """What was exported."""

    def __init__(self, share: float = 1.0) -> None:
        self._exporter = InMemorySpanExporter()
        self.spans = Spans("reels-api", "1", share, [SimpleSpanProcessor(self._exporter)])

    @property
    def all(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> ReadableSpan:
        (one,) = (span for span in self.all if span.name == name)
        return one


def application(seen: Seen, store: Any) -> httpx.AsyncClient:
    async def feed(request: Request) -> Response:
        await store.read("u_secret")
        notes_of(request.scope).of_page(
            PageNote("f1", ("redis",), {"read": 3.0, "rank": 1.5, "total": 4.6}, again=False, viewer_kept=True)
        )
        return Response("page")

    async def broken(_: Request) -> Response:
        return Response(status_code=503)

    router = Router([Route("/feed", feed), Route("/broken", broken)])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE] = scope["path"]
        await router(scope, receive, send)

    context = RequestContext(app, Metrics(), make_id=lambda: "made", spans=seen.spans)
    return httpx.AsyncClient(transport=httpx.ASGITransport(context), base_url="http://reels")


async def test_a_request_its_stages_and_its_store_calls_are_one_trace_of_the_callers() -> None:
    seen = Seen()
    store = Traced(Store(), "redis", "viewers", seen.spans)
    async with application(seen, store) as client:
        headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "x-request-id": "told-by-the-proxy"}
        await client.get("/feed?limit=3", headers=headers)
    request = seen.named("GET /feed")
    assert request.kind is SpanKind.SERVER
    assert request.context is not None
    assert f"{request.context.trace_id:032x}" == TRACE
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == CALLER
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/feed",
        "http.response.status_code": 200,
        "reels.request_id": "told-by-the-proxy",
        "reels.feed_id": "f1",
        "reels.degraded": ("redis",),
    }
    for name in ("read", "rank", "viewers.read"):
        assert seen.named(name).parent == request.context
    assert seen.named("viewers.read").attributes == {"db.system.name": "redis", "db.operation.name": "viewers.read"}
    assert request.resource.attributes["service.name"] == "reels-api"
    assert "u_secret" not in "".join(span.to_json() for span in seen.all)


async def test_stages_follow_each_other_and_end_when_they_were_noted() -> None:
    seen = Seen()
    async with application(seen, Store()) as client:
        await client.get("/feed")
    request, read, rank = (seen.named(name) for name in ("GET /feed", "read", "rank"))
    assert (read.end_time or 0) - (read.start_time or 0) == 3_000_000
    assert (rank.end_time or 0) - (rank.start_time or 0) == 1_500_000
    assert read.end_time == rank.start_time
    assert (rank.end_time or 0) <= (request.end_time or 0)


async def test_a_server_error_is_marked() -> None:
    seen = Seen()
    async with application(seen, Store()) as client:
        await client.get("/broken")
    assert seen.named("GET /broken").status.status_code is StatusCode.ERROR


async def test_a_caller_may_ask_for_less_and_not_for_more() -> None:
    for share, flags, traced in ((1.0, "00", False), (0.0, "01", False), (1.0, "01", True)):
        seen = Seen(share)
        async with application(seen, Traced(Store(), "redis", "viewers", seen.spans)) as client:
            await client.get("/feed", headers={"traceparent": f"00-{TRACE}-{CALLER}-{flags}"})
        assert bool(seen.all) is traced, (share, flags)


@pytest.mark.parametrize("header", ["", "nonsense", "00-" + "0" * 32 + "-" + CALLER + "-01", "ff-" + TRACE])
async def test_a_trace_header_that_can_not_be_read_begins_a_new_trace(header: str) -> None:
    seen = Seen()
    async with application(seen, Store()) as client:
        assert (await client.get("/feed", headers={"traceparent": header})).status_code == 200
    assert seen.named("GET /feed").parent is None


async def test_a_failed_call_is_marked_without_what_it_says() -> None:
    seen, store = Seen(), Store()
    store.away = True
    with seen.spans.job("gather"), pytest.raises(StoreUnavailable):
        await Traced(store, "redis", "viewers", seen.spans).read("u_secret")
    call = seen.named("viewers.read")
    assert call.status.description == "StoreUnavailable"
    assert call.events == ()
    assert "u_secret" not in call.to_json()


async def test_a_store_asked_in_the_background_has_no_trace() -> None:
    seen = Seen()
    assert await Traced(Store(), "redis", "viewers", seen.spans).read("u") == "state of u"
    assert seen.all == ()


async def test_a_traced_store_is_otherwise_the_store() -> None:
    traced = Traced(Store(), "redis", "viewers", Seen().spans)
    assert traced.name() == "plain"
    with pytest.raises(AttributeError):
        traced.nothing()


async def test_jobs_are_traced_whatever_the_share() -> None:
    seen = Seen(share=0.0)
    with pytest.raises(ValueError), seen.spans.job("training"), seen.spans.job("gather"):
        raise ValueError("u_secret")
    training, gather = seen.named("job training"), seen.named("job gather")
    assert gather.parent == training.context
    assert gather.status.description == "ValueError"
    assert "u_secret" not in gather.to_json() + training.to_json()


async def test_without_an_address_there_are_no_spans() -> None:
    with open_spans("", 1.0, "reels-api", "1") as spans:
        assert spans is None
