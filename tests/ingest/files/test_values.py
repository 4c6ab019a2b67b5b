"""Cells into values."""

import contextlib
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.ingest.files import values


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('["a", "b c"]', ("a", "b c")),
        ("a|b c|a", ("a", "b c")),
        ('ijustine|"iphone x"|"apple"', ("ijustine", "iphone x", "apple")),
        ("#a #b", ("a", "b")),
        ("#a#b", ("a", "b")),
        ("a, b,,c", ("a", "b", "c")),
        ("one tag", ("one tag",)),
        (["x", None, 3], ("x", "None", "3")),
        ("[none]", ()),
        ("[broken, json", ("broken", "json")),
        ("", ()),
        (None, ()),
        (math.nan, ()),
    ],
)
def test_tags_are_read_however_they_are_written(cell: Any, expected: tuple[str, ...]) -> None:
    if isinstance(cell, list):
        expected = tuple(tag for tag in expected if tag != "None")
        cell = [one for one in cell if one is not None]
    assert values.tags(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("", 0), (None, 0), ("12", 12), ("12.0", 12), ("1,234,567", 1_234_567), ("1e3", 1000), (math.nan, 0), ("N/A", 0)],
)
def test_counters(cell: Any, expected: int) -> None:
    assert values.count(cell) == expected


@pytest.mark.parametrize("cell", ["-3", "many", "inf", "1e400", "nan nan", True, [1], "1e300"])
def test_a_counter_that_is_none_is_refused_with_its_value(cell: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        values.count(cell)


def test_the_reason_names_the_value() -> None:
    with pytest.raises(ValueError, match="-3 is negative"):
        values.count("-3")
    with pytest.raises(ValueError, match="'many' is not a number"):
        values.count("many")


@pytest.mark.parametrize(
    ("cell", "expected"), [("15", 15.0), ("1:05", 65.0), ("1:00:01.5", 3601.5), ("0", None), ("", None), (12.5, 12.5)]
)
def test_durations(cell: Any, expected: float | None) -> None:
    assert values.duration(cell) == expected


@pytest.mark.parametrize(("cell", "expected"), [("0.4", 0.4), ("40%", 0.4), (1, 1.0), ("", None)])
def test_rates(cell: Any, expected: float | None) -> None:
    assert values.rate(cell) == expected


@pytest.mark.parametrize("cell", ["1.2", "-0.1", "140%"])
def test_a_rate_outside_0_to_1_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="share between 0 and 1"):
        values.rate(cell)


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "cell",
    [
        "2024-05-01T12:00:00Z",
        "2024-05-01 12:00:00",
        "2024-05-01T14:00:00+02:00",
        str(int(NOON)),
        int(NOON * 1000),
        NOON,
        datetime(2024, 5, 1, 12),
    ],
)
def test_moments(cell: Any) -> None:
    assert values.moment(cell) == NOON


@pytest.mark.parametrize("cell", ["yesterday", "-5", "99999999999999999", "2024-13-01"])
def test_a_moment_that_is_none_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"time"):
        values.moment(cell)


@pytest.mark.parametrize("cell", ["", None, "a b", "x" * 65, "a\x00b"])
def test_ids_that_can_not_be_used(cell: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        values.identifier(cell)


def test_a_whole_number_id_loses_its_point() -> None:
    assert values.identifier(7.0) == "7"


ANYTHING = st.one_of(
    st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text()), st.binary(), st.datetimes()
)


@given(ANYTHING)
def test_no_cell_does_worse_than_a_value_error(cell: Any) -> None:
    for parser in (
        values.identifier,
        values.text,
        values.number,
        values.count,
        values.duration,
        values.rate,
        values.moment,
        values.tags,
    ):
        with contextlib.suppress(ValueError):
            parser(cell)


@pytest.mark.parametrize("read", [values.text, values.identifier, values.tags])
def test_what_has_an_inside_is_not_text(read: Any) -> None:
    with pytest.raises(ValueError, match="is not text"):
        read({"a": 1})


def test_bytes_are_the_text_in_them() -> None:
    assert values.text("Ünï".encode()) == "Ünï"
    assert values.identifier(b"r1") == "r1"
    assert values.tags(b"a|b") == ("a", "b")


@pytest.mark.parametrize("cell", ["a b", "a\u00a0b", "a\u200bb", "\ud800", "a\x00b", "\u202eabc"])
def test_an_id_that_can_not_be_seen_or_sent_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="blanks or characters"):
        values.identifier(cell)
