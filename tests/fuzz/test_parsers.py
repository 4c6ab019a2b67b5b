"""What strangers write, made up by hypothesis: a value or a clean error, never anything else."""

import json

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from tests.fuzz.parsers import GOOD_CURSOR, GOOD_TOKEN, KEY, ME, NOW, PARSERS, TOKENS, Parser

from reels.api.tokens import Use
from reels.core.errors import BadCursor, NotAuthenticated
from reels.recommender import cursor

CASES = 1_000
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=20),
    st.sampled_from(["", "nan", "1e999", "2026-01-01", "9999-12-31T23:59:59+14:00", "watch",
        "\ud800", "\0", 2**70, -0.0]),
)  # fmt: skip


def anything(parser: Parser) -> st.SearchStrategy[bytes]:
    """Bytes: any at all, an example with a part replaced, its words in a row, or JSON that looks like it."""
    pieces = st.lists(st.sampled_from([*parser.words, *parser.examples, b",", b"\n", b"1"]), max_size=12).map(b"".join)
    return st.one_of(st.binary(max_size=200), pieces, mended(parser), objects(parser))


@st.composite
def mended(draw: st.DrawFn, parser: Parser) -> bytes:
    """An example with some bytes taken out and others put in."""
    example = draw(st.sampled_from(parser.examples))
    at = draw(st.integers(0, len(example)))
    return example[:at] + draw(st.binary(max_size=4)) + example[at + draw(st.integers(0, 8)) :]


def objects(parser: Parser) -> st.SearchStrategy[bytes]:
    """Rows, or events, with the names the parser knows and any values."""
    known = {"event_id", "reel_id", "kind", "occurred_at", "watch_sec", "duration_sec", "feed_id", "position"}
    names = sorted(
        known | {"user_id", "video_id", "title", "tags", "views", "retention_rate", "published_at", "status"}
    )
    values = st.recursive(
        _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=4
    )
    rows = st.lists(st.dictionaries(st.sampled_from(names), values, max_size=8), max_size=4)
    wire = rows.map(lambda some: json.dumps({"events": some}).encode())
    lines = rows.map(lambda some: "\n".join(json.dumps(row) for row in some).encode())
    table = rows.map(
        lambda some: "\n".join([",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in some)])
    ).map(lambda text: text.encode("utf-8", "surrogatepass"))
    return st.one_of(wire, lines, table)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_gives_a_value_or_a_clean_error(name: str, times: int, seed: int | None) -> None:
    parser, fed = PARSERS[name], 0

    @hypothesis.given(data=anything(parser))
    @hypothesis.settings(
        max_examples=CASES * times, derandomize=seed is None, database=None, deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def feed(data: bytes) -> None:
        nonlocal fed
        fed += 1
        parser.feed(data)

    (hypothesis.seed(seed)(feed) if seed is not None else feed)()
    assert fed >= CASES * times


@pytest.mark.parametrize("name", PARSERS)
def test_the_examples_to_begin_with_are_read(name: str) -> None:
    for example in PARSERS[name].examples:
        PARSERS[name].feed(example)


def test_the_good_cursor_and_token_of_the_parsers_are_good() -> None:
    """Else nothing but refusals would be tried."""
    assert cursor.verify(GOOD_CURSOR, ME, KEY).number == 1
    assert TOKENS.verify(GOOD_TOKEN, NOW).user_id == ME
    with pytest.raises(BadCursor):
        cursor.verify(GOOD_CURSOR, "u_other", KEY)
    with pytest.raises(NotAuthenticated):
        TOKENS.verify(GOOD_TOKEN, NOW, Use.REFRESH)
