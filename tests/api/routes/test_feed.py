import pytest
from tests.api.serving import PAGE, Served, assert_problem

from reels.api.tokens import Scope

pytestmark = pytest.mark.anyio


async def test_a_page_is_answered_as_the_feed_made_it(served: Served) -> None:
    response = await served.http.get("/feed", headers=served.bearer())
    assert response.content == PAGE
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    asked = served.feed.asked[0]
    assert {name: asked[name] for name in ("user_id", "limit", "cursor", "mode", "now")} == {
        "user_id": "u_viewer", "limit": 10, "cursor": None, "mode": "for_you", "now": served.clock.now,
    }  # fmt: skip


async def test_limit_cursor_and_mode_reach_the_feed(served: Served) -> None:
    await served.http.get("/feed?limit=20&cursor=abc-_&mode=latest", headers=served.bearer())
    asked = served.feed.asked[0]
    assert (asked["limit"], asked["cursor"], asked["mode"]) == (20, "abc-_", "latest")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=21", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("limit=1e1", "limit"),
        ("limit=", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=5&limit=6", "limit"),
        ("limit=" + "9" * 50, "limit"),
        ("mode=random", "mode"),
        ("mode=", "mode"),
        ("offset=3", "offset"),
        ("cursor=" + "x" * 600, "cursor"),
        ("cursor=%00", "cursor"),
        ("&".join(f"limit{n}=1" for n in range(50)), "query"),
    ],
)
async def test_an_unusable_value_is_refused_naming_the_field(served: Served, query: str, field: str) -> None:
    body = assert_problem(await served.http.get("/feed?" + query, headers=served.bearer()), 422, "bad-request")
    assert body["errors"][0]["field"] == field
    assert served.feed.asked == []


@pytest.mark.parametrize("user_id", ["", "%00", "a%20b", "x" * 65, "%E2%80%8B"])
async def test_an_administrator_names_viewers_by_ids_only(served: Served, user_id: str) -> None:
    answer = await served.http.get(f"/feed?user_id={user_id}", headers=served.admin)
    assert assert_problem(answer, 422, "bad-request")["errors"][0]["field"] == "user_id"
    assert served.feed.asked == []


async def test_another_viewers_feed_takes_an_administrator_or_a_service(served: Served) -> None:
    own = await served.http.get("/feed?user_id=u_viewer", headers=served.bearer())
    assert own.status_code == 200
    other = await served.http.get("/feed?user_id=u_other", headers=served.bearer())
    assert_problem(other, 403, "not-allowed")
    for scope in (Scope.ADMIN, Scope.SERVICE):
        response = await served.http.get("/feed?user_id=u_other", headers=served.bearer("u_root", scope))
        assert response.status_code == 200
    assert [asked["user_id"] for asked in served.feed.asked] == ["u_viewer", "u_other", "u_other"]
