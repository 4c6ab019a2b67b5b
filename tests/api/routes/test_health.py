import pytest
from tests.api.serving import Served

pytestmark = pytest.mark.anyio


async def test_alive_without_a_token(served: Served) -> None:
    response = await served.http.get("/healthz")
    assert (response.status_code, response.json()["status"]) == (200, "ok")


async def test_ready_only_when_nothing_is_missing(served: Served) -> None:
    served.missing.append("models")
    waiting = await served.http.get("/readyz")
    assert (waiting.status_code, waiting.json()["missing"]) == (503, ["models"])
    served.missing.clear()
    assert (await served.http.get("/readyz")).status_code == 200


async def test_probes_may_send_head(served: Served) -> None:
    served.missing.append("models")
    for path, status in (("/healthz", 200), ("/readyz", 503)):
        answer = await served.http.head(path)
        assert (answer.status_code, answer.content) == (status, b"")
    served.missing.clear()
    assert (await served.http.head("/readyz")).status_code == 200


async def test_the_age_of_the_models_is_asked_at_each_scrape(served: Served) -> None:
    served.services.metrics.watch_snapshot_age(lambda: 12.5)
    response = await served.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert "reels_snapshot_age_seconds 12.5" in response.text
