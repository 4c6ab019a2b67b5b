"""CSV text into records: one damaged record costs one line."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.ingest.files.records import Damage, Record, delimiter_of, records


def read(text: str, width: int | None = None) -> list[Record | Damage]:
    return list(records(text.splitlines(keepends=True), ",", width))


@pytest.mark.parametrize(
    ("header", "expected"),
    [("a,b,c", ","), ("a;b;c", ";"), ("a\tb\tc", "\t"), ('"a,b";c;d', ";"), ("alone", ",")],
)
def test_the_delimiter_is_the_one_that_cuts_the_header_most(header: str, expected: str) -> None:
    assert delimiter_of(header) == expected


def test_a_quoted_cell_may_hold_line_breaks_commas_and_quotes() -> None:
    assert read('1,"two\nlines, ""quoted"""\n2,plain\n') == [
        Record(1, ["1", 'two\nlines, "quoted"']),
        Record(3, ["2", "plain"]),
    ]


def test_a_quote_that_is_never_closed_costs_its_own_line_only() -> None:
    rows = read('1,"never closed\n2,b\n3,c\n', width=2)
    assert isinstance(rows[0], Damage)
    assert rows[0].line == 1
    assert "never closed" in rows[0].reason
    assert rows[1:] == [Record(2, ["2", "b"]), Record(3, ["3", "c"])]


def test_two_stray_quotes_do_not_swallow_the_rows_between_them() -> None:
    rows = read('1,5" screen\n2,b\n3,6" screen\n4,d\n', width=2)
    assert [row.line for row in rows if isinstance(row, Record)][-2:] == [3, 4] or Record(2, ["2", "b"]) in rows
    assert Record(2, ["2", "b"]) in rows
    assert Record(4, ["4", "d"]) in rows


def test_too_few_and_too_many_cells_are_named() -> None:
    rows = read("1,b\n2\n3,c,d\n4,e\n", width=2)
    assert [type(row) for row in rows] == [Record, Damage, Damage, Record]
    assert rows[1] == Damage(2, "1 cells where the header has 2")


def test_blank_lines_are_nothing() -> None:
    assert read("\n1,b\n\r\n  \n2,c\n") == [Record(2, ["1", "b"]), Record(5, ["2", "c"])]


@given(
    st.lists(
        st.lists(
            st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
            min_size=2,
            max_size=2,
        ),
        max_size=20,
    )
)
def test_what_csv_writes_is_read_back(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
    lines = io.StringIO(stream.getvalue(), newline="")
    assert [record.cells for record in records(lines, ",", 2) if isinstance(record, Record)] == rows
