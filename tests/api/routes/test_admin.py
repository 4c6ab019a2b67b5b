from dataclasses import fields
from typing import Any

import pytest
from tests.api.serving import Served, assert_problem

from reels.core.policy import Policy
from reels.core.types import FeedPage, FeedQuery, RankedReel, ReelStatus, ServedFeed
from reels.schemas.admin import PolicyIn, PolicyOut

pytestmark = pytest.mark.anyio


async def audited(served: Served) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = (await served.http.get("/admin/audit", headers=served.admin)).json()["entries"]
    return entries


async def test_the_policy_before_any_is_the_documented_one(served: Served) -> None:
    answer = (await served.http.get("/admin/policy", headers=served.admin)).json()
    assert (answer["name"], answer["version"], answer["epsilon"]) == ("documented", 0, 0.15)
    assert answer["weights"] == {"content": 0.5, "cf": 0.3, "popularity": 0.1, "exploration": 0.1}


async def test_a_change_makes_a_new_version_keeps_the_rest_and_is_announced_and_audited(served: Served) -> None:
    changed = (
        await served.http.put("/admin/policy", json={"epsilon": 0.2, "note": "try"}, headers=served.admin)
    ).json()
    assert (changed["version"], changed["epsilon"], changed["diversity"], changed["note"]) == (1, 0.2, 0.2, "try")
    assert changed["created_by"] == "u_admin"
    again = (await served.http.put("/admin/policy", json={"diversity": 0.5}, headers=served.admin)).json()
    assert (again["version"], again["epsilon"], again["diversity"], again["note"]) == (2, 0.2, 0.5, "")
    assert (await served.worker.viewers.read("u_any")).policy_version == 2
    history = (await served.http.get("/admin/policy/history", headers=served.admin)).json()["policies"]
    assert [one["version"] for one in history] == [2, 1]
    assert [entry["action"] for entry in await audited(served)] == ["policy", "policy"]


@pytest.mark.parametrize(
    "change",
    [
        {"epsilon": 0.3},
        {"epsilon": 0.05},
        {"epsilon": "much"},
        {"weights": {"content": 0.9, "cf": 0.3, "popularity": 0.1, "exploration": 0.1}},
        {"weights": {"content": 1.0}},
        {"weights": {"content": 1.2, "cf": -0.2, "popularity": 0, "exploration": 0}},
        {"max_per_creator": 0},
        {"candidates": 1000},
        {"version": 7},
        {"colour": "red"},
        {"normalisation": "softmax"},
        [],
    ],
)
async def test_an_unusable_policy_changes_nothing(served: Served, change: Any) -> None:
    problem = assert_problem(
        await served.http.put("/admin/policy", json=change, headers=served.admin), 422, "bad-request"
    )
    assert problem["errors"]
    assert await served.services.stores.policies.current() is None


async def test_reels_are_added_changed_blocked_and_put_back(served: Served) -> None:
    body = {
        "reels": [
            {"reel_id": "new", "title": "Bread", "tags": ["food"], "creator_id": "c9", "duration_sec": 21},
            {"video_id": "r1", "title": "Reel 1", "creator_id": "c1", "duration_sec": 10},
            {"title": "without an id"},
            {"reel_id": "bad", "duration_sec": -3},
            7,
        ],
        "block": ["r2", "nope"],
    }
    answer = (await served.http.post("/admin/reels", json=body, headers=served.admin)).json()
    rejected = answer.pop("rejected")
    assert (answer["new"], answer["blocked"], answer["unblocked"]) == (1, 1, 0)
    assert 2 in [one["index"] for one in rejected]
    assert 4 in [one["index"] for one in rejected]
    stored = await served.worker.reels.get(["new", "r2"])
    assert stored["new"].reel.tags == ("food",)
    assert stored["r2"].reel.status is ReelStatus.BLOCKED
    back = await served.http.post("/admin/reels", json={"unblock": ["r2"]}, headers=served.admin)
    assert back.json()["unblocked"] == 1
    assert [entry["action"] for entry in await audited(served)] == ["reels", "reels"]


@pytest.mark.parametrize("body", [{"reels": {}}, {"block": [7]}, {"remove": []}, [], {"reels": [{}] * 2001}])
async def test_a_body_that_lists_no_reels_is_refused(served: Served, body: Any) -> None:
    assert_problem(await served.http.post("/admin/reels", json=body, headers=served.admin), 422, "bad-request")


async def test_an_id_with_half_a_character_spoils_nothing(served: Served) -> None:
    body = b'{"reels": [{"reel_id": "\\ud800", "title": "a"}, {"reel_id": "r77", "title": "\\ud800"}]}'
    answer = await served.http.post(
        "/admin/reels", content=body, headers={**served.admin, "content-type": "application/json"}
    )
    assert answer.status_code == 200
    assert (answer.json()["new"], [one["index"] for one in answer.json()["rejected"]]) == (1, [0])


async def test_a_job_is_asked_for_and_seen(served: Served) -> None:
    response = await served.http.post("/admin/jobs/snapshot", headers=served.admin)
    assert response.status_code == 202
    asked = response.json()
    answer = (await served.http.get("/admin/jobs", headers=served.admin)).json()
    assert answer["jobs"] == ["embeddings", "snapshot"]
    assert asked["run_id"] in [run["run_id"] for run in answer["runs"]]
    taken = await served.services.stores.jobs.take_request(served.clock.now)
    assert taken is not None
    assert taken.job == "snapshot"
    assert_problem(await served.http.post("/admin/jobs/rm", headers=served.admin), 404, "unknown-job")
    assert [entry["action"] for entry in await audited(served)] == ["job"]


async def test_the_stats_count_what_there_is(served: Served) -> None:
    stats = (await served.http.get("/admin/stats", headers=served.admin)).json()
    assert (stats["reels"], stats["viewers"], stats["events"], stats["feeds"]) == (11, 1, 0, 0)
    assert stats["snapshot"] is None
    assert stats["policy"]["name"] == "documented"


async def test_a_served_page_is_explained(served: Served) -> None:
    item = RankedReel("r1", 0, 0.7, {"content": 0.9}, {"trending": 0.1}, ("Trending",), True, 0.25, ("content",))
    page = FeedPage("f1", "u_viewer", (item,), None, "documented", 3, "snap", ("redis",), served.clock.now, 42, "abc")
    await served.services.stores.feeds.record(
        [ServedFeed(page, FeedQuery("u_viewer", 10, served.clock.now, 42, "f1"), b"")]
    )
    answer = (await served.http.get("/admin/feeds/f1", headers=served.admin)).json()
    assert (answer["seed"], answer["policy"], answer["degraded"]) == (
        42,
        {"name": "documented", "version": 3},
        ["redis"],
    )
    shown = answer["items"][0]
    assert (shown["reel_id"], shown["propensity"], shown["parts"], shown["position"]) == (
        "r1",
        0.25,
        {"content": 0.9},
        0,
    )
    assert_problem(await served.http.get("/admin/feeds/nope", headers=served.admin), 404, "unknown-feed")
    assert_problem(await served.http.get("/admin/feeds/%00", headers=served.admin), 404, "unknown-feed")


def test_the_wire_policy_has_every_field_of_the_policy() -> None:
    ours = {one.name for one in fields(Policy)}
    assert set(PolicyOut.model_fields) == ours
    assert set(PolicyIn.model_fields) == ours - {"version", "created_at", "created_by"}
