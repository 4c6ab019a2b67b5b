import pytest

from reels_app.models import FeedPage, FeedState, Profile, Reel, read_reels


def absolute(url: str) -> str:
    return "http://api" + url


def reel(name: str, creator: str = "c") -> Reel:
    return Reel(name, name, "m", "p", creator_id=creator)


def page(*reels: Reel) -> FeedPage:
    return FeedPage("f1", reels, "next", "blend 1", "s1")


def test_an_item_without_media_gets_the_drawn_film() -> None:
    (only,) = read_reels([{"reel_id": "r1"}], absolute)
    assert only.media_url == "http://api/media/r1.mp4"
    assert only.poster_url == "http://api/media/r1.jpg"


@pytest.mark.parametrize(
    "bad", [{}, {"reel_id": "x", "duration_sec": "long"}, None, {"reel_id": "x", "contributions": [1]}]
)
def test_one_bad_item_does_not_spoil_the_page(bad: object) -> None:
    assert [r.reel_id for r in read_reels([bad, {"reel_id": "r1"}], absolute)] == ["r1"]


def test_parts_without_an_opinion_are_left_out() -> None:
    (only,) = read_reels([{"reel_id": "r", "contributions": {"cf": None, "content": 0.5}}], absolute)
    assert dict(only.contributions) == {"content": 0.5}


def test_a_page_knows_its_policy_and_what_was_missing() -> None:
    data = {"feed_id": "f", "items": [], "policy": {"name": "blend", "version": 3}, "degraded": ["cf"]}
    read = FeedPage.from_json(data, absolute)
    assert (read.policy, read.degraded, read.next_cursor) == ("blend 3", ("cf",), None)


def test_a_profile_reads_what_is_there() -> None:
    read = Profile.from_json(
        {"user_id": "u", "following": ["a"], "history": [{"reel_id": "r", "kind": "like"}]}, absolute
    )
    assert read.following == {"a"}
    assert read.history[0].kind == "like"


def test_the_feed_never_repeats_a_reel() -> None:
    state = FeedState()
    assert state.append(page(reel("a"), reel("b"))) == 2
    assert state.append(page(reel("b"), reel("c"), reel("c"))) == 1
    assert [s.reel.reel_id for s in state.showings] == ["a", "b", "c"]


def test_positions_are_those_of_the_served_page() -> None:
    state = FeedState(blocked={"bad"})
    state.append(page(reel("a", "bad"), reel("b")))
    assert [(s.reel.reel_id, s.position, s.feed_id) for s in state.showings] == [("b", 1, "f1")]


def test_blocking_drops_what_comes_but_not_what_is_shown() -> None:
    state = FeedState()
    state.append(page(reel("a", "x"), reel("b", "x"), reel("c", "y"), reel("d", "x")))
    state.index = 1
    assert state.drop_upcoming("x") == 1
    assert [s.reel.reel_id for s in state.showings] == ["a", "b", "c"]
