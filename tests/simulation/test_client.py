"""The viewer's side of the API: patience with "later", no patience with nonsense, the same events sent again."""

import json

import httpx
import pytest
from tests.simulation.fake_feed import FakeFeed, problem

from reels.core.errors import FeedRefused, FeedUnreachable
from reels.simulation.client import FeedClient, Page, ReportedEvent, Retry

EVENT = ReportedEvent("e1", "reel-1", "watch", "2026-11-01T00:00:00.000+00:00", "f1", 0, 3.5, 20.0)


def _client(feed: FakeFeed, waits: list[float] | None = None, retry: Retry | None = None) -> FeedClient:
    return FeedClient(feed.client(), (waits if waits is not None else []).append, retry)


class Faults:
    """Gives the answers, one a request to `path`, then none."""

    def __init__(self, path: str, *answers: httpx.Response) -> None:
        self.path, self.answers = path, list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response | None:
        return self.answers.pop(0) if request.url.path == self.path and self.answers else None


def test_sign_up_pages_and_events() -> None:
    feed = FakeFeed(lambda words: ["a", "b", "c"])
    client = _client(feed)
    assert client.sign_up("MX", "es") == "u0"
    assert feed.users == {"u0": {"region": "MX", "language": "es"}}
    first = client.page(2, None)
    assert [item.reel_id for item in first.items] == ["a", "b"]
    assert [item.reel_id for item in client.page(2, first.next_cursor).items] == ["c"]
    assert client.report([EVENT]).stored == 1
    sent = json.loads(feed.requests[-1].content)["events"][0]
    assert sent == {
        "event_id": "e1", "reel_id": "reel-1", "kind": "watch", "occurred_at": "2026-11-01T00:00:00.000+00:00",
        "feed_id": "f1", "position": 0, "watch_sec": 3.5, "duration_sec": 20.0,
    }  # fmt: skip


def test_a_lost_acknowledgement_is_asked_for_again_with_the_same_event_ids() -> None:
    feed = FakeFeed(lambda words: ["a"], fault_after=Faults("/events", problem(503, "MongoDB does not answer")))
    client = _client(feed)
    client.sign_up("", "")
    receipt = client.report([EVENT])
    assert (receipt.stored, receipt.duplicates) == (0, 1)
    assert len(feed.events) == 1
    first, second = feed.requests[-2:]
    assert first.content == second.content


def test_waits_double_and_obey_retry_after() -> None:
    later = [problem(429, "slow down"), problem(503, "x", retry_after="2"), problem(502, "x", retry_after="60")]
    waits: list[float] = []
    client = _client(FakeFeed(lambda words: ["a"], fault_before=Faults("/auth/device", *later)), waits)
    client.sign_up("", "")
    assert waits == [0.2, 2.0, 5.0]


def test_gives_up_after_the_last_attempt_and_says_why() -> None:
    feed = FakeFeed(lambda words: [], fault_before=lambda request: problem(503, "MongoDB does not answer"))
    with pytest.raises(FeedUnreachable, match=r"POST /auth/device failed 3 times: 503 MongoDB does not answer"):
        _client(feed, retry=Retry(attempts=3)).sign_up("", "")
    assert len(feed.requests) == 3


def test_no_answer_at_all_is_retried_then_named() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused", request=request)

    http = httpx.Client(base_url="http://feed.test", transport=httpx.MockTransport(down))
    with pytest.raises(FeedUnreachable, match="Connection refused; is the API running"):
        FeedClient(http, lambda seconds: None).sign_up("", "")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500])
def test_a_refusal_is_not_repeated(status: int) -> None:
    feed = FakeFeed(lambda words: [], fault_before=lambda request: problem(status, "no such thing"))
    with pytest.raises(FeedRefused, match=f"POST /auth/device: {status} no such thing"):
        _client(feed).sign_up("", "")
    assert len(feed.requests) == 1


def test_a_token_that_has_ended_is_refreshed_and_the_same_is_asked_for_again() -> None:
    feed = FakeFeed(lambda words: ["a"], fault_before=Faults("/events", *[problem(401, "the token has expired")] * 2))
    client = _client(feed)
    client.sign_up("", "")
    with pytest.raises(FeedRefused, match="401 the token has expired"):
        client.report([EVENT])
    assert [one.url.path for one in feed.requests[1:]] == ["/events", "/auth/refresh", "/events"]
    assert client.report([EVENT]).stored == 1
    assert feed.requests[-1].content == feed.requests[1].content


def test_a_refresh_that_is_refused_is_said() -> None:
    feed = FakeFeed(lambda words: ["a"], fault_before=Faults("/feed", problem(401, "the token has expired")))
    client = _client(feed)
    client.sign_up("", "")
    feed.fault_before = lambda request: problem(401, "the session has ended")
    with pytest.raises(FeedRefused, match="POST /auth/refresh: 401 the session has ended"):
        client.page(1, None)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"feed_id": "f"}', b'{"feed_id": "f", "items": [{"id": 3}]}'])
def test_a_page_in_another_shape_is_refused(body: bytes) -> None:
    feed = FakeFeed(lambda words: [], fault_before=Faults("/feed", httpx.Response(200, content=body)))
    client = _client(feed)
    client.sign_up("", "")
    with pytest.raises(FeedRefused, match=f"GET /feed: 200 with a body that is no {Page.__name__}"):
        client.page(10, None)


def test_a_refusal_without_a_problem_body_gives_its_status() -> None:
    feed = FakeFeed(lambda words: [], fault_before=lambda request: httpx.Response(404, text="<html>"))
    with pytest.raises(FeedRefused, match="404 Not Found"):
        _client(feed).sign_up("", "")
