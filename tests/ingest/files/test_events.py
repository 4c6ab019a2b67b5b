"""An event file into events."""

from pathlib import Path

from reels.core.errors import BadRow
from reels.core.types import Event, EventKind
from reels.ingest.files.events import read_events

HEADER = "event_id,user_id,reel_id,kind,occurred_at,watch_sec,duration_sec"


def test_events_are_read_by_column_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}\ne1,u1,r1,WATCH,1700000000000,3.5,10\n")
    assert list(read_events(tmp_path / "a.csv")) == [
        Event("e1", "u1", "r1", EventKind.WATCH, 1_700_000_000.0, 3.5, 10.0)
    ]


def test_an_event_without_an_id_always_gets_the_same_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "user_id,reel_id,kind,occurred_at\nu1,r1,like,1700000000\nu1,r1,like,1700000000\nu1,r1,like,1700000001\n"
    )
    first, again, later = (event.event_id for event in read_events(tmp_path / "a.csv") if isinstance(event, Event))
    assert first == again != later


def test_what_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        f"{HEADER}\ne1,u1,r9,like,1700000000,,\ne2,u1,r1,purr,1700000000,,\ne3,u1,r1,like,,,\ne4,u1,r1,watch,1700000000,-1,\n"
    )
    rows = list(read_events(tmp_path / "a.csv", known_reels={"r1"}))
    assert [(row.line, row.field) for row in rows if isinstance(row, BadRow)] == [
        (2, "reel_id"),
        (3, "kind"),
        (4, "occurred_at"),
        (5, "watch_sec"),
    ]
