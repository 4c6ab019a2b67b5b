"""A recorded session over HTTP: the next page obeys, nothing repeats, the new is served, the re-sent counts once."""

import time
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np
import pytest
from tests.e2e.client import Item, Viewer
from tests.e2e.conftest import SAMPLE, Demo
from tests.waiting import eventually

from reels.simulation.sample import VIEWERS_FILE
from reels.simulation.truth import load_truth
from reels.simulation.viewers import load_viewers
from reels.simulation.watcher import WatchConfig, watch

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.slow]


@pytest.fixture
def viewer(demo: Demo) -> Viewer:
    return Viewer(demo.api_url)


def admin(demo: Demo) -> httpx.Client:
    return httpx.Client(base_url=demo.api_url, headers={"authorization": f"Bearer {demo.admin}"}, timeout=30)


def ids(items: list[Item]) -> list[str]:
    return [item["reel_id"] for item in items]


def topics_of(demo: Demo) -> dict[str, int]:
    truth = load_truth(SAMPLE)
    return {reel_id: int(truth.topic[row]) for reel_id, row in truth.row_of.items()}


def test_a_like_pulls(demo: Demo) -> None:
    topics = topics_of(demo)
    before, after, named = [], [], 0
    for _ in range(8):
        viewer = Viewer(demo.api_url)
        first = viewer.page()["items"]
        liked, topic = first[0], topics[first[0]["reel_id"]]
        viewer.did("watch", liked, watch_sec=liked["duration_sec"] * 1.5, duration_sec=liked["duration_sec"])
        viewer.did("like", liked)
        second = viewer.page()["items"]
        before.append(np.mean([topics[one] == topic for one in ids(first[1:])]))
        after.append(np.mean([topics[one] == topic for one in ids(second)]))
        named += any(liked["title"][:12] in reason for item in second for reason in item["reasons"])
    assert np.mean(after) > np.mean(before) + 0.1
    assert named == 8, "the next page says because of what"


def test_skips_push_and_a_skipped_reel_is_not_shown_again(demo: Demo, viewer: Viewer) -> None:
    topics = topics_of(demo)

    def share(items: list[Item], topic: int) -> float:
        return float(np.mean([topics[one] == topic for one in ids(items)]))

    viewer.did("like", viewer.page(limit=1)["items"][0])
    first = viewer.page(limit=50)["items"]
    hated = max(set(topics.values()), key=lambda topic: share(first, topic))
    skipped = [item for item in first if topics[item["reel_id"]] == hated]
    for item in skipped:
        viewer.did("skip", item, watch_sec=0.2, duration_sec=item["duration_sec"])
    viewer.did("not_interested", skipped[0])
    after = viewer.page(limit=50)["items"]
    assert not set(ids(after)) & set(ids(first))
    assert share(after, hated) < share(first, hated)


def test_not_interested_removes_and_can_be_undone(viewer: Viewer) -> None:
    reel = viewer.page()["items"][0]
    viewer.did("not_interested", reel)
    me = viewer.http.get("/me").json()
    assert reel["reel_id"] in [one["reel_id"] for one in me["history"]]
    assert reel["reel_id"] not in ids(viewer.page(limit=50)["items"])
    viewer.did("undo_not_interested", reel, occurred_at=round(time.time() * 1000) + 5)


def test_a_blocked_creator_vanishes_and_comes_back_when_unblocked(viewer: Viewer) -> None:
    reel = viewer.page()["items"][0]
    creator = reel["creator_id"]
    viewer.did("block", reel)
    seen: list[Item] = []
    cursor = None
    for _ in range(8):
        page = viewer.page(limit=50, cursor=cursor)
        seen += page["items"]
        cursor = page["next_cursor"]
    assert creator not in {item["creator_id"] for item in seen}
    assert creator in viewer.http.get("/me").json()["blocked"]
    viewer.did("unblock", reel, occurred_at=round(time.time() * 1000) + 5)
    assert creator not in viewer.http.get("/me").json()["blocked"]


def test_300_reels_of_paging_with_retries_show_nothing_twice(viewer: Viewer) -> None:
    shown: list[str] = []
    cursor = None
    for number in range(30):
        page = viewer.page(limit=10, cursor=cursor)
        if cursor:
            for _ in range(number % 3):
                assert viewer.page(limit=10, cursor=cursor) == page
        shown += ids(page["items"])
        if number % 2:
            viewer.tell(*(viewer.event("impression", item) for item in page["items"]))
            viewer.tell(viewer.event("like", page["items"][0]), viewer.event("skip", page["items"][1], watch_sec=0.2))
        cursor = page["next_cursor"]
    assert len(shown) == 300
    assert len(set(shown)) == 300
    assert not set(ids(viewer.page(limit=50)["items"])) & set(shown)


def test_a_new_reel_is_served_soon_after_its_arrival(demo: Demo) -> None:
    viewers = [Viewer(demo.api_url) for _ in range(5)]
    new = {
        "video_id": f"new-{time.time_ns()}",
        "title": "First day at the pottery wheel #pottery #beginner",
        "tags": ["pottery", "beginner"],
        "duration_sec": 15,
        "creator_id": "creator_first_timer",
        "language": "en",
        "region": "US",
    }
    with admin(demo) as operator:
        operator.post("/admin/reels", json={"reels": [new]}).raise_for_status()
    arrived = time.monotonic()
    found = None
    while time.monotonic() - arrived < 20 and found is None:
        found = next((one for one in viewers if new["video_id"] in ids(one.page(limit=10)["items"])), None)
    assert found is not None, "the new reel was on nobody's page for twenty seconds"
    assert found.http.get(f"/reels/{new['video_id']}").json()["title"] == new["title"]


def test_a_new_reel_is_embedded_on_arrival_and_found_by_its_content(demo: Demo, viewer: Viewer) -> None:
    like_this = next(item for item in viewer.page(limit=50)["items"] if item["tags"])
    twin = {
        "video_id": f"twin-{time.time_ns()}",
        "title": like_this["title"] + " again, part two",
        "tags": like_this["tags"],
        "duration_sec": 15,
        "creator_id": "creator_of_the_twin",
    }
    with admin(demo) as operator:
        operator.post("/admin/reels", json={"reels": [twin]}).raise_for_status()

    def found_by_content() -> bool:
        other = Viewer(demo.api_url)
        other.did("like", like_this)
        items = other.page(limit=20)["items"]
        return any(item["reel_id"] == twin["video_id"] and item["parts"]["content"] > 0.5 for item in items)

    eventually(found_by_content, 20)


def test_a_blocked_reel_leaves_every_feed_at_once(demo: Demo) -> None:
    reel = Viewer(demo.api_url).page()["items"][0]["reel_id"]
    with admin(demo) as operator:
        operator.post("/admin/reels", json={"block": [reel]}).raise_for_status()
        try:
            eventually(lambda: reel not in ids(Viewer(demo.api_url).page(limit=50)["items"]), 5)
            assert all(reel not in ids(Viewer(demo.api_url).page(limit=50)["items"]) for _ in range(3))
        finally:
            operator.post("/admin/reels", json={"unblock": [reel]}).raise_for_status()


def test_a_batch_sent_again_counts_once_and_a_bad_item_spoils_nothing(viewer: Viewer) -> None:
    first, second = viewer.page()["items"][:2]
    batch = [viewer.event("like", first), viewer.event("watch", second, watch_sec=3.0)]
    bad = [{"event_id": "x", "reel_id": "no-such-reel", "kind": "like", "occurred_at": round(time.time() * 1000)}, 7]
    receipt = viewer.tell(*batch, *bad)  # type: ignore[arg-type]
    assert (receipt["stored"], receipt["duplicates"]) == (2, 0)
    assert [one["index"] for one in receipt["rejected"]] == [2, 3]
    again = viewer.tell(*batch)
    assert (again["stored"], again["duplicates"]) == (0, 2)


def test_a_policy_change_acts_on_the_next_page(demo: Demo, viewer: Viewer) -> None:
    before: dict[str, Any] = viewer.page()["policy"]
    with admin(demo) as operator:
        changed = operator.put("/admin/policy", json={"epsilon": 0.2, "note": "e2e"}).raise_for_status().json()
        try:
            after = viewer.page()["policy"]
            assert after["version"] == changed["version"] > before["version"]
        finally:
            operator.put("/admin/policy", json={"epsilon": 0.15, "note": "e2e, back"}).raise_for_status()


def test_a_served_page_is_computed_again_bit_for_bit(demo: Demo, viewer: Viewer) -> None:
    viewer.did("like", viewer.page()["items"][0])
    page = viewer.page()
    with admin(demo) as operator:
        eventually(lambda: operator.get(f"/admin/feeds/{page['feed_id']}").status_code == 200, 10)
        explained = operator.get(f"/admin/feeds/{page['feed_id']}").json()
    assert explained["replayed"] is True
    assert [item["reel_id"] for item in explained["items"]] == ids(page["items"])


def test_after_30_swipes_the_feed_clearly_beats_a_popularity_feed(demo: Demo) -> None:
    truth = load_truth(SAMPLE)
    rng = np.random.default_rng(1)
    chosen = [load_viewers(SAMPLE / VIEWERS_FILE)[i] for i in rng.permutation(500)[:30]]
    with httpx.Client(base_url=demo.api_url, timeout=30) as http:
        report = watch(
            http, chosen, truth, WatchConfig(swipes=30), rng, clock=lambda: datetime.now(UTC), sleep=time.sleep
        )
    popular = next(feed for feed in report.compared if feed.name == "popular")
    assert report.repeats == 0
    assert report.rejected == []
    assert report.watched.last() > 1.5 * popular.last(), [(feed.name, feed.last()) for feed in report.feeds()]
