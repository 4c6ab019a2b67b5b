"""The real app in a real browser against the real system, as a viewer uses it."""

import re
import urllib.parse
from collections.abc import Callable

import pytest
from real_system import RealSystem, eventually, insist
from viewer import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("app")]

MakeViewer = Callable[..., Viewer]
both = pytest.mark.parametrize("size", ["phone", "desktop"])


@both
def test_the_first_page_plays_and_nothing_outside_is_even_asked(make_viewer: MakeViewer, size: str) -> None:
    viewer = make_viewer(size)
    viewer.playing(viewer.open())
    hosts = {urllib.parse.urlsplit(url).hostname for url in viewer.asked if url.startswith("http")}
    assert hosts == {"127.0.0.1"}


def test_a_flick_turns_one_page_in_either_direction(make_viewer: MakeViewer) -> None:
    viewer = make_viewer()
    first = viewer.open()
    viewer.swipe(-250)
    second = viewer.current(not_=first)
    viewer.swipe(250)
    assert viewer.current(not_=second) == first
    viewer.playing(first)


@both
def test_a_small_turn_of_the_wheel_turns_one_page(make_viewer: MakeViewer, size: str) -> None:
    viewer = make_viewer(size)
    first = viewer.open()
    viewer.wheel(20)
    second = viewer.current(not_=first)
    viewer.playing(second)
    viewer.page.wait_for_timeout(800)
    viewer.wheel(-40)
    assert viewer.current(not_=second) == first


@both
def test_keys_turn_pages_and_stop_the_film(make_viewer: MakeViewer, size: str) -> None:
    viewer = make_viewer(size)
    first = viewer.open()
    second = viewer.next(first)
    viewer.playing(second)
    viewer.key(" ")
    paused = "() => [...document.querySelectorAll('video')].every(video => video.paused)"
    eventually(lambda: viewer.page.evaluate(paused), what="the film stands still")
    viewer.key(" ")
    viewer.playing(second)


@both
def test_with_the_keyboard_alone_and_the_accessibility_tree_on(
    make_viewer: MakeViewer, system: RealSystem, size: str
) -> None:
    viewer = make_viewer(size)
    first = viewer.open(keep_focus=True)
    second = viewer.next(first)
    viewer.playing(second)
    viewer.tab_to(f"like-{second}")
    viewer.key("Enter")
    eventually(lambda: system.counts(viewer.user_id, "like") == {second: 1}, what="the like by enter")
    viewer.key(" ")
    eventually(lambda: system.counts(viewer.user_id, "unlike") == {second: 1}, what="the unlike by space")
    viewer.playing(second)
    third = viewer.next(second)
    viewer.playing(third)
    viewer.tab_to(f"why-{third}")
    viewer.key("Enter")
    viewer.sees("why-sheet")


def test_the_film_is_muted_until_asked(make_viewer: MakeViewer) -> None:
    viewer = make_viewer()
    reel = viewer.open()
    muted = "() => [...document.querySelectorAll('video')].every(video => video.muted)"
    assert viewer.page.evaluate(muted)
    viewer.press(f"unmute-{reel}")
    eventually(lambda: not viewer.page.evaluate(muted), what="sound")
    following = viewer.next(reel)
    viewer.playing(following)
    heard = "() => [...document.querySelectorAll('video')].filter(v => !v.paused).every(v => !v.muted && v.volume > 0)"
    assert viewer.page.evaluate(heard)


@both
def test_liking_by_button_by_key_and_by_double_tap(make_viewer: MakeViewer, system: RealSystem, size: str) -> None:
    viewer = make_viewer(size)
    first = viewer.open()
    viewer.press(f"like-{first}")
    second = viewer.next(first)
    viewer.playing(second)
    insist(viewer.double_tap, lambda: second in system.counts(viewer.user_id, "like"), "the like of the double tap")
    third = viewer.next(second)
    insist(lambda: viewer.key("l"), lambda: third in system.counts(viewer.user_id, "like"), "the like of the key")
    eventually(lambda: first in system.counts(viewer.user_id, "like"), what="the like of the button")
    assert system.counts(viewer.user_id, "like") == {first: 1, second: 1, third: 1}


def test_a_double_tap_never_takes_a_like_back(make_viewer: MakeViewer, system: RealSystem) -> None:
    viewer = make_viewer()
    reel = viewer.open()
    viewer.key("l")
    viewer.double_tap()
    viewer.page.wait_for_timeout(800)
    viewer.double_tap()
    viewer.key("s")
    eventually(lambda: system.events(viewer.user_id, "save"), what="the save that came last")
    assert system.counts(viewer.user_id, "like") == {reel: 1}
    assert not system.events(viewer.user_id, "unlike")


@both
def test_why_this_reel(make_viewer: MakeViewer, size: str) -> None:
    viewer = make_viewer(size)
    reel = viewer.open()
    viewer.press(f"why-{reel}")
    viewer.sees("why-sheet")
    words = viewer.words()
    assert "Why this reel?" in words
    assert re.search(r"\d+%", words)
    assert "Chosen by" in words
    viewer.press_words("More like this")
    eventually(lambda: viewer.control("why-sheet").count() == 0, what="the sheet closes")


def test_not_interested_goes_on_and_can_be_undone(make_viewer: MakeViewer, system: RealSystem) -> None:
    viewer = make_viewer()
    reel = viewer.open()
    viewer.press(f"more-{reel}")
    viewer.press("not-interested")
    following = viewer.current(not_=reel)
    viewer.press_words("Undo")
    assert viewer.current(not_=following) == reel
    kinds = ["not_interested", "undo_not_interested"]
    eventually(lambda: len(system.events(viewer.user_id, *kinds)) == 2, what="both events")
    assert [(e["kind"], e["reel_id"]) for e in system.events(viewer.user_id, *kinds)] == [(k, reel) for k in kinds]


def test_a_blocked_creator_does_not_come_back(make_viewer: MakeViewer, system: RealSystem) -> None:
    viewer = make_viewer()
    reel = viewer.open()
    viewer.press(f"more-{reel}")
    viewer.press("block")
    at = viewer.current(not_=reel)
    eventually(lambda: system.counts(viewer.user_id, "block") == {reel: 1}, what="the block")
    creator = viewer.sees(f"follow-{reel}").inner_text() if viewer.control(f"follow-{reel}").count() else ""
    for _ in range(12):
        at = viewer.next(at)
        assert not creator or viewer.sees(f"follow-{at}").inner_text() != creator


@pytest.mark.slow
def test_endless_and_without_repeats(make_viewer: MakeViewer, system: RealSystem) -> None:
    viewer = make_viewer()
    seen = [viewer.open()]
    while len(seen) <= 62:
        seen.append(viewer.next(seen[-1]))
    assert len(set(seen)) == len(seen)


def test_profile_shows_what_was_liked_and_opens_it(make_viewer: MakeViewer) -> None:
    viewer = make_viewer()
    first = viewer.open()
    viewer.key("l")
    second = viewer.next(first)
    viewer.key("s")
    viewer.press("profile")
    viewer.sees(f"tile-{first}")
    viewer.press("tab-saved")
    viewer.press(f"tile-{second}")
    assert viewer.current() == second


def test_saved_is_a_feed_of_its_own(make_viewer: MakeViewer) -> None:
    viewer = make_viewer()
    reel = viewer.open()
    viewer.press("mode-saved")
    viewer.sees("saved-empty")
    viewer.press("mode-for_you")
    reel = viewer.current()
    viewer.key("s")
    viewer.press("mode-saved")
    eventually(lambda: viewer.current() == reel, what="the saved reel")
    viewer.press("mode-latest")
    viewer.playing(viewer.current(not_=reel))


def test_a_shared_link_opens_its_reel(make_viewer: MakeViewer, system: RealSystem) -> None:
    sharer = make_viewer()
    reel = sharer.next(sharer.open())
    sharer.press(f"share-{reel}")
    eventually(lambda: system.events(sharer.user_id, "share"), what="the share")
    link = sharer.page.evaluate("() => navigator.clipboard.readText()")
    assert link == f"{system.app_url}/reel/{reel}"
    friend = make_viewer("desktop")
    assert friend.open(urllib.parse.urlsplit(link).path) == reel
    friend.playing(reel)


def test_a_reload_goes_on_where_it_was(make_viewer: MakeViewer) -> None:
    viewer = make_viewer()
    reel = viewer.next(viewer.next(viewer.open()))
    who = viewer.user_id
    viewer.page.reload()
    assert viewer.settle() == reel
    assert viewer.user_id == who


def test_another_visit_is_the_same_viewer(make_viewer: MakeViewer) -> None:
    viewer = make_viewer()
    viewer.open()
    who = viewer.user_id
    viewer.page.close()
    viewer.page = viewer.context.new_page()
    viewer.open()
    assert viewer.user_id == who


def test_leaving_tells_how_long_the_last_reel_was_watched(make_viewer: MakeViewer, system: RealSystem) -> None:
    viewer = make_viewer()
    reel = viewer.open()
    viewer.playing(reel)
    viewer.page.wait_for_timeout(3500)
    who = viewer.user_id
    viewer.page.close()
    (watch,) = eventually(lambda: system.events(who, "watch", "skip"), what="the last watch")
    assert watch["reel_id"] == reel
    assert 3.0 <= watch["watch_sec"] <= 20.0


def test_an_api_that_dies_loses_and_doubles_nothing(make_viewer: MakeViewer, system: RealSystem) -> None:
    viewer = make_viewer()
    seen = [viewer.open()]
    viewer.key("l")
    for turn in range(8):
        if turn in (1, 4):
            system.kill_api()
        viewer.page.wait_for_timeout(600)
        seen.append(viewer.next(seen[-1], within=40))
        viewer.key("l")
    viewer.page.wait_for_timeout(600)
    who = viewer.user_id
    liked = dict.fromkeys(seen, 1)
    eventually(lambda: system.counts(who, "like") == liked, 60, "every like once")
    eventually(lambda: system.counts(who, "impression") == liked, 30, "every impression once")
    watched = system.events(who, "watch", "skip")
    assert sorted(event["reel_id"] for event in watched) == sorted(seen[:-1])


def test_an_app_server_that_dies_loses_seconds_of_the_reel_on_the_screen(
    make_viewer: MakeViewer, system: RealSystem
) -> None:
    viewer = make_viewer()
    reel = viewer.open()
    viewer.playing(reel)
    who = viewer.user_id
    drafted = "() => (localStorage.getItem('flutter.reels.unfinished_event') || '').includes('watch_sec')"
    eventually(lambda: viewer.page.evaluate(drafted), what="a draft on the device")
    viewer.key("s")
    kept = "() => (localStorage.getItem('flutter.reels.pending_events') || '').includes('save')"
    eventually(lambda: viewer.page.evaluate(kept) or system.counts(who, "save"), what="the save, kept or stored")
    system.kill_app()
    (watch,) = eventually(lambda: system.events(who, "watch", "skip"), 120, "the watch of the dead server")
    assert watch["reel_id"] == reel
    viewer.settle()
    assert viewer.user_id == who
    eventually(lambda: system.counts(who, "save") == {reel: 1}, what="the save")


def test_pulling_the_first_reel_down_fetches_the_feed_anew(make_viewer: MakeViewer) -> None:
    viewer = make_viewer()
    first = viewer.open()
    viewer.swipe(400)
    viewer.playing(viewer.current(not_=first))


def test_following_and_saving_by_button(make_viewer: MakeViewer, system: RealSystem) -> None:
    viewer = make_viewer()
    reel = viewer.open()
    viewer.press(f"follow-{reel}")
    viewer.press(f"save-{reel}")
    eventually(lambda: system.counts(viewer.user_id, "follow") == {reel: 1}, what="the follow")
    viewer.press("profile")
    viewer.press("tab-saved")
    viewer.sees(f"tile-{reel}")


@pytest.mark.parametrize(("locale", "word"), [("es-ES", "Para ti"), ("hi-IN", "आपके लिए"), ("ar-EG", "لك")])
def test_it_speaks_the_language_of_the_browser(make_viewer: MakeViewer, locale: str, word: str) -> None:
    viewer = make_viewer(locale=locale)
    viewer.open()
    assert word in viewer.words()


def test_every_control_has_a_name(make_viewer: MakeViewer) -> None:
    viewer = make_viewer("desktop")
    viewer.open()
    nameless = viewer.page.evaluate(
        "() => [...document.querySelectorAll('[role=button]')].filter("
        "node => !(node.getAttribute('aria-label') || node.textContent).trim()).map(node => node.outerHTML)"
    )
    assert nameless == []


def test_reduced_motion_is_respected(make_viewer: MakeViewer) -> None:
    viewer = make_viewer(reduced_motion="reduce")
    first = viewer.open()
    viewer.key("ArrowDown")
    second = viewer.current(not_=first, within=5)
    viewer.playing(second)
