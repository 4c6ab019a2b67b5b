"""`reels import` on real stores: counts, rejects, repetition, interruption."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from redis import Redis
from typer.testing import CliRunner, Result

from reels.__main__ import main
from reels.cli.app import app
from reels.core.errors import BadRow, InputError
from reels.core.types import Event, EventKind, Reel
from reels.ingest import importer
from reels.ingest.checkpoint import ImportCounts
from reels.ingest.datasets import DATASETS
from reels.ingest.importer import import_reels

HEADER = "video_id,title,tags,duration_sec,views,likes,comments,retention_rate,first_3_sec_engagement\n"


@pytest.fixture
def database(tmp_path: Path, mongo_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The command line's environment: real stores, a database of the test's own."""
    name = f"test_{uuid4().hex}"
    monkeypatch.chdir(tmp_path)
    for key, value in {
        "MONGO_URL": mongo_url,
        "REDIS_URL": redis_url,
        "MONGO_DATABASE": name,
        "DATA_DIR": "data",
    }.items():
        monkeypatch.setenv(f"REELS_{key}", value)
    yield name
    with MongoClient[dict[str, object]](mongo_url) as client:
        client.drop_database(name)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", *arguments])


def counts(result: Result) -> dict[str, int]:
    words = [line.split() for line in result.output.splitlines()]
    return {pair[0]: int(pair[1].replace(",", "")) for pair in words if len(pair) == 2 and pair[1][0].isdigit()}


def test_the_same_file_again_changes_nothing_and_a_changed_row_is_updated(database: str) -> None:
    file = Path("reels.csv")
    file.write_text(HEADER + "r1,One,a|b,10,5,1,0,.5,.5\nr2,Two,,10,5,1,0,.5,.5\n")
    assert counts(run("reels", "reels.csv")) == {"new": 2, "updated": 0, "unchanged": 0, "rejected": 0}
    assert counts(run("reels", "reels.csv")) == {"new": 0, "updated": 0, "unchanged": 2, "rejected": 0}
    file.write_text(HEADER + "r1,One!,a|b,10,5,1,0,.5,.5\nr2,Two,,10,5,1,0,.5,.5\nr3,Three,,10,5,1,0,.5,.5\n")
    assert counts(run("reels", "reels.csv")) == {"new": 1, "updated": 1, "unchanged": 1, "rejected": 0}


def test_of_an_id_given_twice_the_last_row_holds(database: str, mongo_url: str) -> None:
    Path("reels.csv").write_text(HEADER + "r1,Old,,10,5,1,0,.5,.5\nr1,New,,10,6,1,0,.5,.5\n")
    assert counts(run("reels", "reels.csv"))["new"] == 1
    with MongoClient[dict[str, object]](mongo_url) as client:
        (reel,) = client[database]["reels"].find()
        assert reel["title"] == "New"


def test_rejects_are_named_and_do_not_spoil_the_rest(database: str) -> None:
    Path("reels.csv").write_text(
        HEADER + "r1,One,,10,5,1,0,.5,.5\nr2,Two,,10,minus,1,0,.5,.5\n,Three,,10,5,1,0,.5,.5\n"
    )
    result = run("reels", "reels.csv")
    assert result.exit_code == 0
    assert counts(result) == {"new": 1, "updated": 0, "unchanged": 0, "rejected": 2}
    with Path("reels.csv.rejects.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["file"], row["line"], row["field"]) for row in rows] == [
        ("reels.csv", "3", "views"),
        ("reels.csv", "4", "video_id"),
    ]
    assert "'minus' is not a number" in rows[0]["reason"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (HEADER, "no rows"),
        (HEADER + ",x,,,,,,,\n", "nothing could be read"),
        ("title\nx\n", "no column for video_id"),
    ],
)
def test_where_nothing_can_be_read_the_exit_code_says_so(database: str, text: str, message: str) -> None:
    Path("reels.csv").write_text(text)
    result = run("reels", "reels.csv")
    assert result.exit_code == 1
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)


def test_an_error_is_one_clear_line_without_a_traceback(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["reels", "import", "reels", "nowhere.csv"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert capsys.readouterr().err.strip() == "error: nowhere.csv: no such file"


def test_events_of_unknown_reels_are_rejected_and_events_count_once(
    database: str, mongo_url: str, redis_url: str
) -> None:
    Path("reels.csv").write_text(HEADER + "r1,One,,10,5,1,0,.5,.5\n")
    run("reels", "reels.csv")
    Path("events.csv").write_text(
        "event_id,user_id,reel_id,kind,occurred_at\n"
        "e1,u1,r1,like,2026-01-01T00:00:00Z\ne1,u1,r1,like,2026-01-01T00:00:00Z\n"
        "e1,u2,r1,like,2026-01-01T00:00:00Z\ne2,u1,r9,like,2026-01-01T00:00:00Z\n"
    )
    with Redis.from_url(redis_url) as redis:
        redis.set("user:{u1}:state", b"stale")
        assert counts(run("events", "events.csv")) == {"new": 2, "updated": 0, "unchanged": 1, "rejected": 1}
        assert redis.get("user:{u1}:state") is None
    assert counts(run("events", "events.csv")) == {"new": 0, "updated": 0, "unchanged": 3, "rejected": 1}
    with MongoClient[dict[str, object]](mongo_url) as client:
        assert {user["_id"] for user in client[database]["users"].find()} == {"u1", "u2"}


def test_an_imported_follow_or_block_is_of_the_reels_creator(database: str, mongo_url: str) -> None:
    Path("reels.csv").write_text("video_id,title,creator_id\nr1,One,c1\nr2,Two,\n")
    run("reels", "reels.csv")
    Path("events.csv").write_text(
        "event_id,user_id,reel_id,kind,occurred_at\n"
        "e1,u1,r1,follow,2026-01-01T00:00:00Z\ne2,u1,r1,block,2026-01-02T00:00:00Z\n"
        "e3,u1,r2,follow,2026-01-01T00:00:00Z\ne4,u1,r1,like,2026-01-01T00:00:00Z\n"
    )
    assert counts(run("events", "events.csv"))["new"] == 4
    with MongoClient[dict[str, object]](mongo_url) as client:
        creators = {one["_id"]: one.get("creator_id") for one in client[database]["interactions"].find()}
    assert creators == {"u1:e1": "c1", "u1:e2": "c1", "u1:e3": None, "u1:e4": None}


def test_rejects_of_a_data_set_go_to_a_file_for_reels_and_one_for_events(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = BadRow("videos.csv", 2, "video_id", "missing")
    good = Reel("r1")
    late = BadRow("log.csv", 9, "kind", "missing")
    like = Event("e1", "u1", "r1", EventKind.LIKE, 1.7e9)
    monkeypatch.setitem(
        DATASETS,
        "microlens",
        replace(DATASETS["microlens"], reels=lambda _: iter([bad, good]), events=lambda _: iter([late, like])),
    )
    Path("folder").mkdir()
    assert run("dataset", "microlens", "folder", "--rejects", "mine.csv").exit_code == 0
    assert "video_id" in Path("mine.reels.rejects.csv").read_text()
    assert "kind" in Path("mine.events.rejects.csv").read_text()


def test_a_stopped_import_goes_on_where_it_was(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "BATCH", 10)
    rows = [f"r{i},Title {i},,10,{'x' if i == 3 else 5},1,0,.5,.5\n" for i in range(95)]
    Path("reels.csv").write_text(HEADER + "".join(rows))
    batches_left = iter(range(4))

    def interrupted(counts: ImportCounts) -> None:
        if next(batches_left, None) is None:
            raise KeyboardInterrupt

    async def stopping(*arguments: Any) -> ImportCounts:
        return await import_reels(*[*arguments[:-1], interrupted])

    monkeypatch.setattr("reels.cli.importing.import_reels", stopping)
    assert run("reels", "reels.csv").exit_code != 0
    monkeypatch.setattr("reels.cli.importing.import_reels", import_reels)
    result = run("reels", "reels.csv")
    assert "going on after 50 rows" in result.output
    assert counts(result) == {"new": 94, "updated": 0, "unchanged": 0, "rejected": 1}
    assert Path("reels.csv.rejects.csv").read_text().count("\n") == 2
    assert counts(run("reels", "reels.csv"))["unchanged"] == 94
