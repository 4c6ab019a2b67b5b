import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ingesting import NOW, batch, event

from reels.core.errors import BadRequest
from reels.core.types import Event
from reels.ingest.wire_event import MAX_EVENTS, OLDEST_SEC, read_batch, read_events

ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([10**400, "like", NOW * 1000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["event_id", "reel_id", "kind", "occurred_at", "watch_sec", "duration_sec", "feed_id", "position"]
SENT = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, ANY)).map(lambda odd: {**event("e1"), **odd})


def read(body: bytes) -> tuple[list[tuple[int, Event]], list[int], int]:
    items = read_batch(body)
    events, rejected = read_events(items, "u_viewer", NOW)
    return events, [one.index for one in rejected], len(items)


@settings(max_examples=400)
@given(st.lists(ANY | SENT, max_size=6))
def test_of_any_json_every_item_is_read_or_rejected_with_its_index(items: list[Any]) -> None:
    events, rejected, count = read(json.dumps({"events": items}).encode("utf-8", "surrogatepass"))
    assert count == len(items)
    assert sorted([index for index, _ in events] + rejected) == list(range(len(items)))
    for _, one in events:
        assert NOW - OLDEST_SEC <= one.occurred_at <= NOW + 300
        assert all(x is None or (math.isfinite(x) and x >= 0) for x in (one.watch_sec, one.duration_sec))
        assert all("\0" not in text for text in (one.event_id, one.reel_id, one.feed_id))
        json.dumps([one.event_id, one.reel_id, one.feed_id], ensure_ascii=False).encode()


@settings(max_examples=300)
@given(st.binary(max_size=60) | ANY.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_any_other_body_is_refused_as_bad(body: bytes) -> None:
    try:
        items = read_batch(body)
    except BadRequest:
        return
    assert isinstance(json.loads(body)["events"], list)
    assert len(items) <= MAX_EVENTS


def test_a_good_event_is_read_whole() -> None:
    sent = event("e-1", "watch", at=NOW - 5, watch_sec=2.5, duration_sec=10, feed_id="f:1", position=3, extra="ignored")
    events, rejected, _ = read(batch(sent))
    assert rejected == []
    assert events == [
        (0, Event("e-1", "u_viewer", "r1", events[0][1].kind, NOW - 5, 2.5, 10.0, feed_id="f:1", position=3))
    ]


@pytest.mark.parametrize("event_id", ["a\0b", "", "x" * 65, "é", "a b", "a/b", "a\n"])
def test_ids_are_plain(event_id: str) -> None:
    assert read(batch(event(event_id)))[1] == [0]
