import pytest
from tests.api.serving import Served, assert_problem

from reels.core.types import Reel, ReelStatus

pytestmark = pytest.mark.anyio


async def test_a_reel_is_answered_with_its_public_fields(served: Served) -> None:
    answer = (await served.http.get("/reels/r1", headers=served.bearer())).json()
    assert answer == {
        "reel_id": "r1", "title": "Reel 1", "tags": [], "creator_id": "c1", "duration_sec": 10.0,
        "media_url": "/media/r1.mp4", "poster_url": "/media/r1.jpg",
    }  # fmt: skip


async def test_an_unknown_blocked_or_removed_reel_is_not_there(served: Served) -> None:
    await served.worker.reels.set_status(["r2"], ReelStatus.BLOCKED, served.clock.now)
    await served.worker.reels.upsert([Reel("gone", status=ReelStatus.REMOVED)], served.clock.now)
    for reel_id in ("nope", "r2", "gone", "%00", "%ED%A0%80", "x" * 3000):
        response = await served.http.get(f"/reels/{reel_id}", headers=served.bearer())
        assert_problem(response, 404, "unknown-reel")


async def test_a_long_id_is_not_told_back(served: Served) -> None:
    answer = await served.http.get("/reels/" + "x" * 65, headers=served.bearer())
    detail = assert_problem(answer, 404, "unknown-reel")["detail"]
    assert "x" * 64 in detail
    assert "x" * 65 not in detail


async def test_ids_with_odd_characters_are_found(served: Served) -> None:
    for reel_id in ("a/b", "ü", "100%", "a?b"):
        await served.worker.reels.upsert([Reel(reel_id)], served.clock.now)
        quoted = reel_id.encode().hex()
        path = "/reels/" + "".join("%" + quoted[i : i + 2] for i in range(0, len(quoted), 2))
        assert (await served.http.get(path, headers=served.bearer())).json()["reel_id"] == reel_id
