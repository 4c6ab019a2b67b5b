"""Everything that reads what strangers write, as functions of bytes that may raise nothing.

`test_parsers.py` feeds them by hypothesis, `guided.py` by atheris, which sees which lines are reached.
"""

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reels.api.query import query_of, whole_number
from reels.api.tokens import Scope, Tokens, Use
from reels.core.errors import BadCursor, BadRequest, BadRow, InputError, NotAuthenticated
from reels.core.types import Event, Reel
from reels.ingest.files.events import read_events as read_event_file
from reels.ingest.files.reels import read_reels
from reels.ingest.wire_event import MAX_EVENTS, read_batch, read_events
from reels.recommender import cursor

NOW = 1_767_225_600.0
ME = "u_viewer"
KEY = b"c" * 32
TOKENS = Tokens(Ed25519PrivateKey.from_private_bytes(b"s" * 32))
GOOD_CURSOR = cursor.sign(cursor.Cursor("ab" * 16, 7, 1, "for_you", int(NOW)), ME, KEY)
GOOD_TOKEN = TOKENS.mint(ME, [Scope.VIEWER], NOW, 900)
_DIRECTORY = tempfile.TemporaryDirectory(prefix="reels-fuzz-")


def catalogue_csv(data: bytes) -> None:
    """A catalogue as CSV: reels and bad rows, or InputError for the file."""
    _file_of(read_reels, "reels.csv", data, Reel)


def catalogue_jsonl(data: bytes) -> None:
    """A catalogue as JSON lines."""
    _file_of(read_reels, "reels.jsonl", data, Reel)


def events_csv(data: bytes) -> None:
    """Logged events as CSV."""
    _file_of(read_event_file, "events.csv", data, Event)


def events_jsonl(data: bytes) -> None:
    """Logged events as JSON lines."""
    _file_of(read_event_file, "events.jsonl", data, Event)


def catalogue_parquet(data: bytes) -> None:
    """A catalogue as Parquet."""
    _file_of(read_reels, "reels.parquet", data, Reel)


def events_parquet(data: bytes) -> None:
    """Logged events as Parquet."""
    _file_of(read_event_file, "events.parquet", data, Event)


def events_wire(data: bytes) -> None:
    """The body of POST /events: each item read or rejected with its index, all for the caller."""
    try:
        items = read_batch(data)
    except BadRequest as error:
        str(error).encode("utf-8", "replace")
        return
    assert len(items) <= MAX_EVENTS
    read, rejected = read_events(items, ME, NOW)
    assert sorted([index for index, _ in read] + [one.index for one in rejected]) == list(range(len(items)))
    for _, event in read:
        assert event.user_id == ME
        f"{event.event_id}{event.reel_id}{event.feed_id}".encode()
    for one in rejected:
        assert len(one.reason.encode()) < 1000


def cursor_token(data: bytes) -> None:
    """A cursor: only the one that was signed is one, and only for its viewer."""
    text = data.decode("utf-8", "surrogateescape")
    for viewer in (ME, "u_other"):
        try:
            read = cursor.verify(text, viewer, KEY)
        except BadCursor:
            continue
        assert viewer == ME
        assert cursor.sign(read, ME, KEY) == GOOD_CURSOR


def bearer_token(data: bytes) -> None:
    """An access or refresh token: only the one that was signed says who somebody is."""
    text = data.decode("latin-1")
    for use in Use:
        try:
            principal = TOKENS.verify(text, NOW, use)
        except NotAuthenticated:
            continue
        assert use is Use.ACCESS
        assert (principal.user_id, set(principal.scopes)) == (ME, {Scope.VIEWER})
        assert text.split(".")[:2] == GOOD_TOKEN.split(".")[:2]


def query_string(data: bytes) -> None:
    """The query of GET /feed."""
    try:
        values = query_of(data, {"limit", "cursor", "mode"})
        assert 1 <= whole_number(values, "limit", 10, 50) <= 50
    except BadRequest as error:
        str(error).encode("utf-8", "replace")


def _file_of(read: Callable[[Path], Iterator[Any]], name: str, data: bytes, made: type[Reel] | type[Event]) -> None:
    path = Path(_DIRECTORY.name) / name
    path.write_bytes(data)
    try:
        for one in read(path):
            assert isinstance(one, (made, BadRow))
            if isinstance(one, BadRow):
                assert one.line >= 1
                str(one).encode("utf-8", "replace")
            else:
                repr(one).encode()  # no lone surrogates: they can't be stored
    except InputError as error:
        str(error).encode("utf-8", "replace")


@dataclass(frozen=True)
class Parser:
    """A parser, examples to begin with, and the words its inputs are made of."""

    feed: Callable[[bytes], None]
    examples: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()


_EVENT = {"event_id": "e1", "reel_id": "r1", "kind": "watch", "occurred_at": int(NOW * 1000), "watch_sec": 3.5}
_ODD = _EVENT | {"occurred_at": "2026-01-01T00:00:00+00:00", "position": 1, "feed_id": "f1", "duration_sec": None}
_REEL = {"video_id": "r1", "title": "Bread", "tags": ["a", "b"], "duration_sec": "1:05", "views": "1,234"}
_LOGGED = {"user_id": "u1", "video_id": "r1", "kind": "like", "timestamp": "2026-01-01", "watch_time": 3, "rank": 1}
_JSON_WORDS = (
    b'{"',
    b'":',
    b"[",
    b"]",
    b"}",
    b"null",
    b"true",
    b"NaN",
    b"1e999",
    b'"\\ud800"',
    b"\\u0000",
    b"[[[[[[[[",
)
_NAMES = (b"video_id", b"title", b"tags", b"duration_sec", b"retention_rate", b"published_at", b"status", b"media_url")
_CELLS = (b'"', b'""', b"\r\n", b"\x00", b"#a #b", b"a|b", b"45%", b"1:02:03", b"1,234", b"2026-01-01", b"\xff\xfe")


def _lines(*rows: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


def _parquet(*rows: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), file, compression="NONE")
    return file.getvalue()


PARSERS: dict[str, Parser] = {
    "catalogue_csv": Parser(
        catalogue_csv,
        (
            b"video_id,title,tags,duration_sec,views,retention_rate\n"
            b'r1,"Bread, ""new""","a|b",1:05,"1,234",45%\nr2,,,,,\n',
            b"\xef\xbb\xbfid;caption;hashtags\r\nr1;x;#a #b\r\n",
            "\ufeffid\ttitle\nr1\tx\n".encode("utf-16-le"),
        ),
        (*_NAMES, *_CELLS),
    ),
    "catalogue_jsonl": Parser(
        catalogue_jsonl, (_lines(_REEL, {"reel_id": 7, "tags": "#a #b"}),), (*_NAMES, *_JSON_WORDS)
    ),
    "events_csv": Parser(
        events_csv,
        (b"user_id,video_id,kind,timestamp,watch_time,rank\nu1,r1,like,1767225600,3.5,1\nu1,r1,watch,2026-01-01,,\n",),
        (b"user_id", b"event_id", b"kind", b"skip", b"not_interested", *_CELLS),
    ),
    "events_jsonl": Parser(events_jsonl, (_lines(_LOGGED, _LOGGED | {"event_id": 1.5}),), _JSON_WORDS),
    "catalogue_parquet": Parser(catalogue_parquet, (_parquet(_REEL, _REEL | {"video_id": "r2", "title": None}),)),
    "events_parquet": Parser(events_parquet, (_parquet(_LOGGED, _LOGGED | {"watch_time": None}),)),
    "events_wire": Parser(
        events_wire,
        (json.dumps({"events": [_EVENT, _ODD, 1, None]}).encode(), b'{"events":[' + b"[" * 300 + b"]" * 300 + b"]}"),
        (b'"events"', b'"event_id"', b'"occurred_at"', b'"watch_sec"', b'"position"', *_JSON_WORDS),
    ),
    "cursor_token": Parser(cursor_token, (GOOD_CURSOR.encode(), b"AbC-dEf_123")),
    "bearer_token": Parser(
        bearer_token, (GOOD_TOKEN.encode(), b"eyJhbGciOiJub25lIn0.e30."), (b".", b"eyJ", b"=", b"-", b"_")
    ),
    "query_string": Parser(
        query_string, (b"limit=5&cursor=abc&mode=latest", b"limit=%31&limit=2"), (b"%00", b"%ff", b"&", b";", b"limit=")
    ),
}
