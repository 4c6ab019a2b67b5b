"""What a route notes of a request is in its log line and in the metrics, and nothing else of it."""

from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.api.serving import PAGE, Served

from reels.recommender.note import PageNote

pytestmark = pytest.mark.anyio


@pytest.fixture
def noting(served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The feed notes something as the real one does."""

    async def page(user_id: str, *, note: Any, cursor: str | None, **_: Any) -> bytes:
        note(PageNote("f1", ("redis",), {"read": 2.0, "total": 2.1}, again=cursor is not None, viewer_kept=False))
        return PAGE

    monkeypatch.setattr(served.feed, "page", page)
    return served


async def line_of(served: Served, *request: Any, **more: Any) -> dict[str, Any]:
    with capture_logs() as lines:
        await served.http.request(*request, headers=served.bearer() | {"x-request-id": "r-1"}, **more)
    (line,) = (dict(line) for line in lines if line["event"] == "request")
    assert line.pop("ms") >= 0
    return line


async def test_a_page(noting: Served) -> None:
    assert await line_of(noting, "GET", "/feed") == {
        "event": "request",
        "log_level": "info",
        "request_id": "r-1",
        "method": "GET",
        "route": "/feed",
        "status": 200,
        "feed_id": "f1",
        "degraded": ("redis",),
        "stages_ms": {"read": 2.0, "total": 2.1},
    }
    assert (await line_of(noting, "GET", "/feed?cursor=c"))["again"] is True
    text = noting.services.metrics.render().decode()
    assert 'reels_feed_cache_total{outcome="miss",what="page"} 1.0' in text
    assert 'reels_feed_cache_total{outcome="hit",what="page"} 1.0' in text
    assert 'reels_feed_cache_total{outcome="miss",what="viewer"} 2.0' in text


async def test_events(served: Served) -> None:
    at = int((served.clock.now - 20) * 1000)
    events = [{"event_id": "a", "reel_id": "r1", "kind": "like", "occurred_at": at}, {}]
    line = await line_of(served, "POST", "/events", json={"events": events})
    assert list(line.pop("stages_ms")) == ["read", "look up", "store", "react", "total"]
    told = {name: line[name] for name in ("stored", "duplicates", "rejected", "reacted")}
    assert told == {"stored": 1, "duplicates": 0, "rejected": 1, "reacted": True}
    text = served.services.metrics.render().decode()
    assert "reels_event_delivery_seconds_sum 20.0" in text
    assert "reels_event_reaction_seconds_count 1.0" in text
    assert 'reels_events_stage_seconds_count{stage="store"} 1.0' in text


async def test_a_request_that_is_refused(served: Served) -> None:
    line = await line_of(served, "GET", "/feed?limit=0&secret=u_viewer")
    assert line == {
        "event": "request",
        "log_level": "info",
        "request_id": "r-1",
        "method": "GET",
        "route": "/feed",
        "status": 422,
    }


async def test_a_method_made_up_by_a_client_makes_no_series_and_no_line_of_its_own(served: Served) -> None:
    line = await line_of(served, "SECRETMETHOD", "/feed")
    assert line["method"] == "other"
    assert "SECRETMETHOD" not in served.services.metrics.render().decode()


async def test_requests_in_flight_are_counted_while_they_are(noting: Served) -> None:
    assert "reels_requests_in_flight 1.0" in (await noting.http.get("/metrics")).text
    assert "reels_requests_in_flight 0.0" in noting.services.metrics.render().decode()


async def test_pages_that_wait_or_are_lost_are_told_at_each_scrape(served: Served) -> None:
    waiting, lost = [3], [2]
    served.services.metrics.watch_recording(lambda: waiting[0], lambda: lost[0])
    text = served.services.metrics.render().decode()
    assert "reels_feed_pages_waiting 3.0" in text
    assert "reels_feed_pages_lost_total 2.0" in text
    waiting[0], lost[0] = 0, 7
    text = served.services.metrics.render().decode()
    assert "reels_feed_pages_waiting 0.0" in text
    assert "reels_feed_pages_lost_total 7.0" in text


async def test_events_left_to_the_replay_and_made_good(served: Served) -> None:
    served.services.metrics.replayed(4)
    assert "reels_events_replayed_total 4.0" in served.services.metrics.render().decode()
