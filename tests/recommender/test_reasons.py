"""Reasons are true to what the score was made of."""

from dataclasses import replace

import numpy as np
import orjson
import pytest
from tests.recommender.models_in_use import plain, snapshot, stored, with_tail
from tests.recommender.viewers import event, fan_of_topic, query, state_of, watched
from tests.snapshots import NOW, reel_name

from reels.core.keys import key_of, keys_of
from reels.core.policy import Policy
from reels.core.types import EventKind, FeedPage, UserState
from reels.recommender.models import Models, build
from reels.recommender.orders import orders_of
from reels.recommender.pipeline import compute
from reels.recommender.reasons import TEXTS, Reason
from reels.recommender.render import page_json
from reels.recommender.stages import PageInputs
from reels.recommender.standard import pipelines
from reels.recommender.tail import prepare, tail_of
from reels.recommender.viewer import viewer_of

NOTHING = np.empty(0, np.int32)


def page_of(
    state: UserState, models: Models, reel_ids: list[str] | None = None, policy: Policy | None = None
) -> FeedPage:
    rows = np.flatnonzero(models.active).astype(np.int32) if reel_ids is None else models.rows_of(keys_of(reel_ids))
    inputs = PageInputs(query(), viewer_of(state, models), rows, np.zeros(len(rows), np.uint16), (), NOTHING)
    return compute(inputs, models, policy or Policy(epsilon=0.0), pipelines()["for_you"]).page


def codes(page: FeedPage) -> list[str]:
    return [code for item in page.items for code in item.reason_codes]


@pytest.mark.parametrize(
    "kind,code,text",
    [
        (EventKind.LIKE, "liked", "Because you liked “Reel 9 about topic1”"),
        (EventKind.SAVE, "saved", "Because you saved “Reel 9 about topic1”"),
        (EventKind.SHARE, "shared", "Because you shared “Reel 9 about topic1”"),
    ],
)
def test_the_deed_is_named(kind: EventKind, code: str, text: str) -> None:
    page = page_of(state_of([event(kind, reel_name(9), NOW - 50)]), plain())
    assert f"{code}|Reel 9 about topic1" in codes(page)
    assert text in [one for item in page.items for one in item.reasons]


def test_to_the_end_is_said_only_when_it_was() -> None:
    whole = page_of(state_of([watched(reel_name(9), 1.0)]), plain())
    part = page_of(state_of([watched(reel_name(9), 0.7)]), plain())
    assert any(code.startswith("watched_to_end|") for code in codes(whole))
    assert not any(code.startswith("watched_to_end|") for code in codes(part))
    assert any(code.startswith("watched|") for code in codes(part))


def test_the_named_reel_is_the_nearest_of_the_history() -> None:
    both = state_of([watched(reel_name(9), at=NOW - 50), watched(reel_name(12), at=NOW - 40)])
    for item in page_of(both, plain()).items:
        for code in item.reason_codes:
            if code.startswith("watched_to_end|"):
                topic = plain().topics[item.row]
                assert topic not in (1, 4) or code.endswith(f"topic{topic}"), (code, topic)


def test_neighbours_are_named_only_when_they_are() -> None:
    models = plain()
    page = page_of(state_of([watched(reel_name(9))]), models)
    row = int(models.rows_of(keys_of([reel_name(9)]))[0])
    tables = {"watched_next": models.snapshot.next, "also_watched": models.snapshot.cf}
    said = 0
    for item in page.items:
        for code in (one.split("|")[0] for one in item.reason_codes):
            if code in tables:
                table = tables[code]
                assert item.row in table.indices[table.indptr[row] : table.indptr[row + 1]]
                said += 1
    assert said >= 3


def test_a_cold_viewer_is_told_about_popularity_freshness_and_trials() -> None:
    policy = Policy(epsilon=0.0, new_creator_boost=1.0)
    said = set(codes(page_of(state_of(region="US", language=""), plain(), policy=policy)))
    assert said <= {"popular_in|US", "popular", "fresh", "new_creator", "getting_to_know"}
    assert {"popular_in|US", "new_creator"} <= said


def test_what_nobody_has_seen_is_not_called_popular() -> None:
    for item in page_of(state_of(region="IN"), with_tail(), ["t2", "t3", "t4"]).items:
        assert not any(code.split("|")[0] in ("popular", "popular_in") for code in item.reason_codes)


def test_trending_is_said_of_what_trends() -> None:
    policy = Policy(epsilon=0.0, trending_boost=0.5)
    for item in page_of(state_of(), with_tail(), policy=policy).items:
        trending = any(code.split("|")[0] in ("trending", "trending_in") for code in item.reason_codes)
        assert trending == (with_tail().trending[item.row] > 0)


def test_an_explored_reel_says_so_first() -> None:
    page = page_of(fan_of_topic(1), plain(), policy=Policy(epsilon=1.0))
    assert {item.reason_codes[0] for item in page.items} == {"explored"}
    assert {item.reasons[0] for item in page.items} == {"Something different"}


def test_a_followed_creator_is_named() -> None:
    models = plain()
    state = state_of([event(EventKind.FOLLOW, reel_name(9), NOW - 5, creator_id="c009")])
    of_creator = models.creators == key_of("c009")
    mixed_in = [models.reel(int(row))["reel_id"] for row in (*np.flatnonzero(of_creator)[:4], *range(20))]
    page = page_of(state, models, list(dict.fromkeys(mixed_in)))
    for item in page.items:
        assert ("following" in item.reason_codes) == bool(of_creator[item.row])
    assert "following" in codes(page)
    assert "followed|Reel 9 about topic1" in codes(page)


def test_long_titles_are_cut_and_every_code_has_words() -> None:
    models = plain()
    page = page_of(state_of([watched(reel_name(9))]), models)
    assert all(1 <= len(item.reasons) <= 3 for item in page.items)
    for code, text in TEXTS.items():
        assert Reason(code, "x").text == text.replace("{}", "x")


def test_a_title_with_braces_quotes_and_newlines_survives() -> None:
    base = snapshot()
    odd = stored(reel_name(9), title='{} "quoted" \\ \n new\u2028line 👍 ' + "x" * 200)
    models = build(base, tail_of(base, orders_of(base), [prepare(odd)], {}))
    page = page_of(state_of([watched(reel_name(9))]), models)
    named = [code for code in codes(page) if code.startswith("watched_to_end|")]
    assert named
    assert all(len(code) < 100 and "\n" not in code for code in named)
    body = orjson.loads(page_json(replace(page, next_cursor=None), models))
    assert [item["reasons"] for item in body["items"]] == [list(item.reasons) for item in page.items]
    own = page_of(state_of(), models, [reel_name(9)])
    assert orjson.loads(page_json(own, models))["items"][0]["title"] == odd.reel.title
