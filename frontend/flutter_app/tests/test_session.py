import itertools

import pytest
from fake_api import FakeApi, Viewer

from reels_app.api_client import ApiClient
from reels_app.events import EventQueue
from reels_app.models import Mode, Trouble
from reels_app.session import BLOCK, HIDE, LIKE, SAVE, ViewerSession
from reels_app.storage import MemoryStore

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(client: ApiClient, store: MemoryStore, clock: Clock) -> ViewerSession:
    ids = itertools.count()
    queue = EventQueue(client, store, lambda: 1.0, lambda: f"e{next(ids)}")
    return ViewerSession(client, queue, clock)


def viewer(api: FakeApi) -> Viewer:
    (only,) = api.viewers.values()
    return only


def shown(session: ViewerSession) -> list[str]:
    return [showing.reel.reel_id for showing in session.state.showings]


async def test_opening_fills_the_feed(session: ViewerSession) -> None:
    await session.open()
    assert len(shown(session)) == 10
    assert session.state.showings[0].policy == "blend 1"


async def test_endless_and_without_repeats(session: ViewerSession) -> None:
    await session.open()
    for _ in range(70):
        session.arrive(session.state.index + 1)
        await session.near_end()
    assert len(shown(session)) >= 70
    assert len(set(shown(session))) == len(shown(session))


async def test_a_link_puts_its_reel_first(session: ViewerSession) -> None:
    await session.open("r0005")
    assert shown(session)[0] == "r0005"
    assert shown(session).count("r0005") == 1


async def test_a_dead_link_still_opens_the_feed(session: ViewerSession) -> None:
    told: list[str] = []
    session.state.watchers.append(told.append)
    await session.open("r9999")
    assert "no_such_reel" in told
    assert len(shown(session)) == 10


async def test_an_api_that_is_down_is_said_and_tried_again(session: ViewerSession, api: FakeApi) -> None:
    api.down = True
    await session.open()
    assert session.state.trouble is Trouble.OFFLINE
    api.down = False
    assert await session.fetch_more() == 10
    assert session.state.trouble is None


async def test_what_the_viewer_wishes_is_known_before_the_next_page(session: ViewerSession, api: FakeApi) -> None:
    await session.open()
    session.toggle(BLOCK, session.state.showings[0])
    session.toggle(HIDE, session.state.showings[1])
    await session.fetch_more()
    kinds = [event["kind"] for event in viewer(api).events.values()]
    assert kinds == ["block", "not_interested"]
    assert all(showing.reel.creator_id != "maker_0" for showing in session.state.showings[1:])


async def test_doing_and_undoing_are_both_told(session: ViewerSession, api: FakeApi) -> None:
    await session.open()
    first = session.state.showings[0]
    assert session.toggle(LIKE, first) is True
    assert session.toggle(LIKE, first, on=True) is True
    assert session.toggle(LIKE, first) is False
    await session.queue.flush()
    assert [event["kind"] for event in viewer(api).events.values()] == ["like", "unlike"]


async def test_events_carry_where_the_reel_was_shown(session: ViewerSession, api: FakeApi) -> None:
    await session.open()
    third = session.state.showings[2]
    session.toggle(SAVE, third)
    await session.queue.flush()
    (event,) = viewer(api).events.values()
    assert (event["feed_id"], event["position"]) == (third.feed_id, 2)


async def test_watching_is_measured_and_told_on_leaving(session: ViewerSession, clock: Clock, api: FakeApi) -> None:
    await session.open()
    session.arrive(0)
    clock.now += 0.5
    session.tick()
    clock.now += 3.5
    session.pause()
    clock.now += 60
    session.resume()
    clock.now += 1
    session.arrive(1)
    await session.queue.flush()
    told = [(event["kind"], event.get("watch_sec")) for event in viewer(api).events.values()]
    assert told == [("impression", None), ("watch", 5.0)]


async def test_a_reel_flung_past_tells_nothing(session: ViewerSession, clock: Clock) -> None:
    await session.open()
    for index in range(5):
        session.arrive(index)
        clock.now += 0.1
    assert not session.queue.pending


async def test_switching_shows_the_newest_first(session: ViewerSession) -> None:
    await session.open()
    await session.switch(Mode.LATEST)
    assert shown(session)[0] == "r0399"


async def test_saved_shows_what_was_saved(session: ViewerSession) -> None:
    await session.open()
    session.toggle(SAVE, session.state.showings[3])
    await session.switch(Mode.SAVED)
    assert shown(session) == ["r0003"]
    assert session.state.ended


async def test_a_failed_refresh_keeps_what_is_on_the_screen(session: ViewerSession, api: FakeApi) -> None:
    await session.open()
    before = shown(session)
    api.down = True
    assert await session.refresh() is False
    assert shown(session) == before


async def test_refreshing_brings_new_reels(session: ViewerSession) -> None:
    await session.open()
    assert await session.refresh() is True
    assert shown(session)[0] == "r0010"


async def test_a_reel_of_the_profile_comes_next(session: ViewerSession, client: ApiClient) -> None:
    await session.open()
    session.arrive(1)
    await session.show_reel(await client.reel("r0300"))
    assert shown(session)[:3] == ["r0000", "r0001", "r0300"]


async def test_starting_afresh_forgets_here_and_there(session: ViewerSession, api: FakeApi) -> None:
    await session.open()
    liked, kept, blocked = session.state.showings[:3]
    session.toggle(LIKE, liked)
    session.toggle(SAVE, kept)
    session.toggle(BLOCK, blocked)
    await session.start_afresh()
    assert {event["kind"] for event in viewer(api).events.values()} == {"save", "block"}
    assert not session.state.liked
    assert session.state.saved == {kept.reel.reel_id}
    assert session.state.blocked == {blocked.reel.creator_id}
    assert len(shown(session)) == 10


async def test_unsent_likes_are_not_forgotten_by_an_older_profile(session: ViewerSession, api: FakeApi) -> None:
    await session.open()
    api.events_down = True
    session.toggle(LIKE, session.state.showings[0])
    await session.profile()
    assert session.state.liked == {"r0000"}
    api.events_down = False
    await session.profile()
    assert session.state.liked == {"r0000"}


async def test_pages_of_known_reels_are_passed_over(session: ViewerSession, api: FakeApi) -> None:
    await session.open()
    viewer(api).served.clear()
    assert await session.fetch_more() == 10
    assert shown(session)[10] == "r0010"


async def test_an_api_that_only_repeats_itself_ends_the_feed(session: ViewerSession, api: FakeApi) -> None:
    api.size = 10
    await session.open()
    for _ in range(5):
        viewer(api).served.clear()
        await session.fetch_more()
    assert session.state.ended
    assert len(shown(session)) == 10


async def test_the_draft_of_a_watch_is_the_event_that_leaving_sends(session: ViewerSession, clock: Clock) -> None:
    await session.open()
    session.arrive(0)
    assert session.unfinished() is None
    clock.now += 4.0
    session.tick()
    drafted = session.unfinished()
    clock.now += 3.0
    session.leave()
    (sent,) = (event for event in session.queue.pending.values() if event["kind"] == "watch")
    assert drafted is not None
    assert (drafted["watch_sec"], sent["watch_sec"]) == (4.0, 7.0)
    assert drafted["event_id"] == sent["event_id"]
    assert session.unfinished() is None
