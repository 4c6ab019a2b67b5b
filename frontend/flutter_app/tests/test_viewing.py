from hypothesis import given
from hypothesis import strategies as st

from reels_app.viewing import IMPRESSION_AFTER, Viewing, WatchMeter


def started(duration: float = 10.0) -> Viewing:
    viewing = Viewing("r", duration)
    viewing.meter.resume(100.0)
    return viewing


def test_only_visible_playing_seconds_count() -> None:
    meter = WatchMeter()
    meter.resume(0.0)
    meter.pause(3.0)
    meter.pause(50.0)
    meter.resume(60.0)
    assert meter.seconds(61.5) == 4.5


def test_loops_count() -> None:
    viewing = started(duration=4.0)
    assert viewing.shown(101.0)
    assert viewing.leave(112.0) == ("watch", 12.0)


def test_a_reel_flung_past_was_not_shown() -> None:
    viewing = started()
    assert not viewing.shown(100.0 + IMPRESSION_AFTER / 2)
    assert viewing.leave(100.0 + IMPRESSION_AFTER / 2) is None


def test_an_impression_counts_once() -> None:
    viewing = started()
    assert [viewing.shown(101.0), viewing.shown(102.0)] == [True, False]


def test_leaving_at_once_is_a_skip() -> None:
    viewing = started()
    viewing.shown(101.0)
    assert viewing.leave(101.2) == ("skip", 1.2)


def test_most_of_a_very_short_film_is_no_skip() -> None:
    viewing = started(duration=2.0)
    viewing.shown(101.0)
    assert viewing.leave(101.0) == ("watch", 1.0)


def test_after_a_report_only_the_rest_is_reported() -> None:
    viewing = started()
    viewing.shown(101.0)
    assert viewing.leave(105.0) == ("watch", 5.0)
    viewing.meter.resume(200.0)
    assert viewing.leave(200.5) == ("watch", 0.5)
    assert viewing.leave(201.0) is None


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_parts_reported_add_up_to_the_time_watched(spells: list[float]) -> None:
    viewing, now, told = Viewing("r", 1000.0), 0.0, 0.0
    viewing.impressed = True
    for spell in spells:
        viewing.meter.resume(now)
        now += spell
        outcome = viewing.leave(now)
        told += outcome[1] if outcome else 0.0
        now += 5.0
    assert abs(told - sum(spells)) < 0.01 * len(spells) + 0.01
