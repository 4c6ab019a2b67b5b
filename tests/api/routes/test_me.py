from typing import Any

import pytest
from tests.api.serving import Served, assert_problem
from tests.ingesting import ME, NOW, batch, event
from tests.waiting import eventually_async

from reels.core.types import Event, EventKind
from reels.core.user_state import unpack
from reels.stores.local import LocalStores

pytestmark = pytest.mark.anyio


async def send(served: Served, *events: Any) -> None:
    response = await served.http.post("/events", content=batch(*events), headers=served.bearer())
    assert response.json()["rejected"] == []


async def profile(served: Served) -> dict[str, Any]:
    body: dict[str, Any] = (await served.http.get("/me", headers=served.bearer())).json()
    return body


async def test_the_profile_shows_what_is_on_newest_first(served: Served) -> None:
    await send(
        served,
        event("1", "like", "r1", NOW - 50),
        event("2", "like", "r2", NOW - 40),
        event("3", "like", "r3", NOW - 30),
        event("4", "unlike", "r2", NOW - 20),
        event("5", "save", "r4", NOW - 10),
        event("6", "follow", "r1", NOW - 9),
        event("7", "follow", "r6", NOW - 8),
        event("8", "block", "r3", NOW - 7),
        event("9", "unblock", "r8", NOW - 7),
    )
    me = await profile(served)
    assert (me["user_id"], me["region"], me["language"]) == (ME, "IN", "hi")
    assert [one["reel_id"] for one in me["liked"]] == ["r3", "r1"]
    assert me["saved"] == [(await served.http.get("/reels/r4", headers=served.bearer())).json()]
    assert me["following"] == ["c1"]
    assert me["blocked"] == []
    assert len(me["history"]) == 9
    newest = me["history"][0]
    assert (newest["title"], newest["occurred_at"]) == (f"Reel {newest['reel_id'][1:]}", "2025-12-31T23:59:53.000Z")


async def test_a_follow_whose_creator_is_not_known_is_not_listed(served: Served) -> None:
    await served.worker.interactions.insert([Event("1", ME, "r1", EventKind.FOLLOW, NOW - 9)], NOW)
    me = await profile(served)
    assert me["following"] == []
    assert [one["kind"] for one in me["history"]] == ["follow"]


async def test_a_field_we_do_not_know_is_refused_by_name(served: Served) -> None:
    answer = await served.http.patch("/me", json={"region": "FR", "langauge": "fr"}, headers=served.bearer())
    body = assert_problem(answer, 422, "bad-request")
    assert [one["field"] for one in body["errors"]] == ["langauge"]
    assert (await profile(served))["region"] == "IN"


async def test_starting_afresh_forgets_likes_and_history_and_keeps_saved_and_blocked(served: Served) -> None:
    await send(served, event("1", at=NOW - 9), event("2", "save", at=NOW - 9), event("3", "block", "r2", at=NOW - 9))
    response = await served.http.post("/me/reset", headers=served.bearer())
    assert response.json() == {"reset_at": "2026-01-01T00:00:00.000Z"}
    me = await profile(served)
    assert (me["liked"], me["history"], me["blocked"]) == ([], [], ["c2"])
    assert len(me["saved"]) == 1
    assert (await served.worker.rebuild(ME))[0].is_cold


async def test_region_and_language_change_and_reach_state_and_events(served: Served) -> None:
    await send(served, event("1"))
    response = await served.http.patch("/me", json={"region": "fr"}, headers=served.bearer())
    assert response.json() == {"region": "FR", "language": "hi"}
    await send(served, event("2", "save"))
    state = (await served.worker.viewers.read(ME)).state
    assert state is not None
    assert unpack(state).region == "FR"
    assert {one.region for one in await served.worker.interactions.newest_of(ME, 9)} == {"IN", "FR"}


async def test_a_bad_region_changes_nothing(served: Served) -> None:
    refused = await served.http.patch("/me", json={"region": "too long a region"}, headers=served.bearer())
    assert assert_problem(refused, 422, "bad-request")["errors"][0]["field"] == "region"
    assert (await profile(served))["region"] == "IN"


async def test_a_viewer_nobody_knows_must_sign_up(served: Served) -> None:
    assert_problem(await served.http.get("/me", headers=served.bearer("u_nobody")), 401, "not-authenticated")


async def test_starting_afresh_with_redis_down_is_obeyed_by_this_process(served: Served, stores: LocalStores) -> None:
    await send(served, event("1", at=NOW - 9))
    stores.valkey.stop()
    try:
        assert (await served.http.post("/me/reset", headers=served.bearer())).status_code == 200
        assert ME in served.services.ingest.stale
    finally:
        stores.valkey.start()

    async def answers() -> bool:
        return bool((await served.http.get("/me", headers=served.bearer())).status_code == 200)

    await eventually_async(answers)
