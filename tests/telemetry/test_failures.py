import pytest

from reels.telemetry.failures import places, without_messages


class Odd(Exception):
    """Says more than it should."""


def fail() -> None:
    try:
        int("u_viewer says 10.1.2.3")
    except ValueError as error:
        raise Odd("u_viewer has no reel 'My holidays'") from error


def caught() -> Odd:
    with pytest.raises(Odd) as raised:
        fail()
    return raised.value


def test_types_and_places_of_an_exception_and_its_cause_without_what_they_say() -> None:
    told = places(caught())
    assert [line for line in told.splitlines() if not line.startswith(" ")] == ["ValueError", "Odd"]
    assert "test_failures.py" in told
    assert told.count(" fail") == 2
    assert "u_viewer" not in told
    assert "holidays" not in told


def test_causes_in_a_ring_come_to_an_end() -> None:
    one, other = Odd("a"), Odd("b")
    one.__cause__, other.__cause__ = other, one
    assert places(one) == "Odd\nOdd"


@pytest.mark.parametrize("as_tuple", [False, True])
def test_a_log_line_has_the_places_in_the_exceptions_place(as_tuple: bool) -> None:
    error = caught()
    info = (type(error), error, error.__traceback__) if as_tuple else error
    line = without_messages(None, "error", {"event": "unhandled", "exc_info": info})
    assert set(line) == {"event", "exception"}
    assert "Odd" in line["exception"]


def test_the_exception_being_handled_is_meant_by_true() -> None:
    try:
        fail()
    except Odd:
        line = without_messages(None, "error", {"event": "unhandled", "exc_info": True})
    assert line["exception"].splitlines()[0] == "ValueError"


def test_a_line_without_an_exception_stays() -> None:
    assert without_messages(None, "info", {"event": "request", "exc_info": None}) == {"event": "request"}
