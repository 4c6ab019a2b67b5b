from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.api.serving import LIMITS, Served, Unexpected, assert_problem

from reels.core import errors

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (errors.BadCursor("altered"), 422, "bad-cursor"),
        (errors.BadRequest("limit", "too much"), 422, "bad-request"),
        (errors.UnknownReel("r\ud800"), 404, "unknown-reel"),
        (errors.UnknownFeed("f"), 404, "unknown-feed"),
        (errors.NotAuthenticated("no"), 401, "not-authenticated"),
        (errors.NotAllowed("no"), 403, "not-allowed"),
        (errors.StoreUnavailable("mongo", "mongodb://secret@host", 3), 503, "store-unavailable"),
        (errors.NoSnapshot("nothing"), 503, "no-snapshot"),
        (errors.BadRow("f", 1, "x", "y"), 422, "bad-request"),
        (errors.ConfigError("the password is hunter2"), 500, "unexpected"),
        (errors.StoreError("mongodb://secret@host"), 500, "unexpected"),
        (Unexpected("secret"), 500, "unexpected"),
        (RuntimeError("secret"), 500, "unexpected"),
    ],
)
async def test_each_error_has_its_problem_and_tells_no_secret(
    served: Served, error: Exception, status: int, name: str
) -> None:
    served.feed.failing = error
    response = await served.http.get("/feed", headers=served.bearer())
    body = assert_problem(response, status, name)
    assert "secret" not in response.text
    assert "hunter2" not in response.text
    if status == 503:
        assert int(response.headers["retry-after"]) > 0
    if isinstance(error, errors.BadCursor):
        assert body["errors"][0]["field"] == "cursor"


async def test_no_such_path_and_no_such_method_are_problems(served: Served) -> None:
    assert_problem(await served.http.get("/nothing"), 404, "not-found")
    for method, path in (("PUT", "/feed"), ("GET", "/events"), ("DELETE", "/me"), ("GET", "/auth/device")):
        response = await served.http.request(method, path, headers=served.bearer())
        assert_problem(response, 405, "method-not-allowed")
        assert response.headers["allow"]


@pytest.mark.parametrize("given", ["abc-1.2_X", "x" * 64])
async def test_a_sane_request_id_is_taken(served: Served, given: str) -> None:
    for path in ("/healthz", "/feed", "/nothing"):
        response = await served.http.get(path, headers={"x-request-id": given})
        assert response.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "<script>", "é"])
async def test_any_other_request_id_is_replaced(served: Served, given: str) -> None:
    headers = {b"x-request-id": given.encode()}
    made = (await served.http.get("/healthz", headers=headers)).headers["x-request-id"]
    assert made != given
    assert len(made) == 24


async def test_the_request_id_reaches_the_feed(served: Served) -> None:
    await served.http.get("/feed", headers=served.bearer() | {"x-request-id": "r-1"})
    assert served.feed.asked[0]["request_id"] == "r-1"


@pytest.mark.parametrize("path", ["/events", "/auth/device", "/admin/reels"])
async def test_a_body_over_the_limit_is_refused_told_or_streamed(served: Served, path: str) -> None:
    big = b'{"events":[' + b" " * LIMITS.max_body_bytes + b"]}"

    async def streamed() -> AsyncIterator[bytes]:
        for start in range(0, len(big), 10_000):
            yield big[start : start + 10_000]

    headers = served.admin | {"content-type": "application/json"}
    assert_problem(await served.http.post(path, content=big, headers=headers), 413, "body-too-large")
    assert_problem(await served.http.post(path, content=streamed(), headers=headers), 413, "body-too-large")


async def test_a_body_at_the_limit_is_taken(served: Served) -> None:
    body = b'{"events":[]}'
    body += b" " * (LIMITS.max_body_bytes - len(body))
    assert (await served.http.post("/events", content=body, headers=served.bearer())).status_code == 200


async def test_only_listed_origins_may_call_from_a_browser(served: Served) -> None:
    async def preflight(origin: str) -> Any:
        asked = {
            "origin": origin,
            "access-control-request-method": "GET",
            "access-control-request-headers": "authorization",
        }
        return await served.http.options("/feed", headers=asked)

    good, bad = await preflight("https://app.example"), await preflight("https://evil.example")
    assert good.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in bad.headers
    refused = await served.http.get("/feed", headers={"origin": "https://app.example"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://app.example"
    assert "x-request-id" in refused.headers["access-control-expose-headers"]


async def test_one_log_line_a_request_without_personal_data(served: Served) -> None:
    with capture_logs() as lines:
        await served.http.get("/feed?limit=3&cursor=", headers=served.bearer() | {"x-request-id": "r-9"})
        await served.http.get("/reels/r1", headers=served.bearer())
    requests = [line for line in lines if line["event"] == "request"]
    assert [(one["route"], one["status"], one["method"]) for one in requests] == [
        ("/feed", 200, "GET"),
        ("/reels/{reel_id:path}", 200, "GET"),
    ]
    assert requests[0]["request_id"] == "r-9"
    assert "u_viewer" not in str(lines)


async def test_metrics_count_requests_by_route_and_events_by_outcome(served: Served) -> None:
    await served.http.get("/feed", headers=served.bearer())
    await served.http.get("/feed")
    await served.http.get("/some/secret/path")
    events = [{"event_id": "a", "reel_id": "r1", "kind": "like", "occurred_at": int(served.clock.now * 1000)}, {}]
    await served.http.post("/events", json={"events": events}, headers=served.bearer())
    text = (await served.http.get("/metrics")).text
    assert 'reels_requests_total{method="GET",route="/feed",status="200"} 1.0' in text
    assert 'reels_requests_total{method="GET",route="/feed",status="401"} 1.0' in text
    assert 'reels_events_total{outcome="stored"} 1.0' in text
    assert 'reels_events_total{outcome="rejected"} 1.0' in text
    assert "secret" not in text


async def test_a_body_that_is_not_json_names_the_body(served: Served) -> None:
    answer = await served.http.post("/auth/device", content=b"{", headers={"content-type": "application/json"})
    body = assert_problem(answer, 422, "bad-request")
    assert body["errors"] == [{"field": "body", "reason": "JSON decode error"}]


@pytest.mark.parametrize("path", ["/auth/device", "/auth/refresh"])
async def test_a_body_that_nests_too_deeply_is_a_422_too(served: Served, path: str) -> None:
    deep = b'{"region": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    answer = await served.http.post(path, content=deep, headers={"content-type": "application/json"})
    assert assert_problem(answer, 422, "bad-request")["errors"][0]["field"] == "body"
