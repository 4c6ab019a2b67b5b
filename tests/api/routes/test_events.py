import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.serving import Served, assert_problem
from tests.ingesting import ME, NOW, batch, event
from tests.waiting import eventually_async

from reels.core.keys import key_of
from reels.core.user_state import unpack
from reels.stores.local import LocalStores

pytestmark = pytest.mark.anyio


async def test_a_batch_is_stored_and_told_item_by_item(served: Served) -> None:
    body = batch(event("a"), event("b", reel="nope"), event("a"))
    response = await served.http.post("/events", content=body, headers=served.bearer())
    assert response.status_code == 200
    assert response.json() == {
        "stored": 1,
        "duplicates": 1,
        "rejected": [{"index": 1, "reason": "reel_id: no such reel"}],
    }
    state = (await served.worker.viewers.read(ME)).state
    assert state is not None
    assert unpack(state).liked.tolist() == [key_of("r1")]


async def test_an_empty_batch_is_fine_and_too_many_are_not(served: Served) -> None:
    assert (await served.http.post("/events", content=batch(), headers=served.bearer())).json()["stored"] == 0
    many = batch(*(event(f"e{i}") for i in range(501)))
    assert_problem(await served.http.post("/events", content=many, headers=served.bearer()), 413, "too-many-events")


async def test_events_are_the_callers_whoever_the_body_names(served: Served) -> None:
    await served.http.post("/events", content=batch(event("a", user_id="u_other")), headers=served.bearer())
    assert len(await served.worker.interactions.newest_of(ME, 9)) == 1
    assert await served.worker.interactions.newest_of("u_other", 9) == []


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["event_id", "reel_id", "kind", "occurred_at", "watch_sec", "duration_sec", "feed_id", "position"]
SENT = st.fixed_dictionaries(
    {"event_id": st.text("abc:.", min_size=1, max_size=2)}, optional=dict.fromkeys(NAMES[1:], ANY)
).map(lambda odd: {**event("x"), **odd})
KINDS = st.sampled_from(["like", "unlike", "watch", "follow", "block", "impression", "skip"])
GOOD = st.builds(event, st.text("abc", min_size=1, max_size=2), KINDS, st.sampled_from(["r1", "r2", "nope", "nobodys"]))


async def test_whatever_json_comes_each_item_is_stored_a_duplicate_or_rejected(served: Served) -> None:
    """One loop, one application: hypothesis draws the bodies, the requests run here."""
    bodies: list[bytes] = []

    @settings(max_examples=120, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(GOOD | SENT | ANY, max_size=5).map(lambda items: {"events": items}) | ANY)
    def draw(value: Any) -> None:
        bodies.append(json.dumps(value).encode("utf-8", "surrogatepass"))

    draw()
    taken = 0
    for body in bodies:
        response = await served.http.post("/events", content=body, headers=served.bearer())
        assert response.status_code in (200, 422), (body, response.text)
        if response.status_code == 200:
            receipt = response.json()
            count = len(json.loads(body)["events"])
            assert receipt["stored"] + receipt["duplicates"] + len(receipt["rejected"]) == count
            taken += receipt["stored"]
    assert await served.worker.interactions.count() == taken
    assert taken > 0


async def test_with_mongodb_hanging_503_asks_to_retry_and_the_retry_counts_once(
    served: Served, stores: LocalStores
) -> None:
    body = batch(event("a"), event("b", "save"))
    stores.mongod.pause()
    try:
        response = await served.http.post("/events", content=body, headers=served.bearer())
        assert_problem(response, 503, "store-unavailable")
        assert int(response.headers["retry-after"]) >= 1
    finally:
        stores.mongod.resume()

    async def sent_again() -> int:
        response = await served.http.post("/events", content=body, headers=served.bearer())
        receipt = response.json()
        return int(receipt["stored"] + receipt["duplicates"]) if response.status_code == 200 else 0

    assert await eventually_async(sent_again, timeout=30) == 2
    assert await served.worker.interactions.count() == 2


async def test_old_and_future_events_go_by_the_servers_clock(served: Served) -> None:
    served.clock.now = NOW + 86_400 * 40
    receipt = (await served.http.post("/events", content=batch(event("a")), headers=served.bearer())).json()
    assert "days ago" in receipt["rejected"][0]["reason"]
