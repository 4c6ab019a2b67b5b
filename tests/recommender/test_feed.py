"""GET /feed on real stores: obeying, paging, retries, and what happens when a store is away."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
from redis.asyncio import Redis
from tests.conftest import Database
from tests.recommender.models_in_use import plain, stored, with_tail
from tests.recommender.serving import ME, Desk, desk, ids
from tests.snapshots import make_snapshot, reel_name

from reels.core.errors import BadCursor, StoreUnavailable
from reels.core.keys import key_of, keys_of
from reels.core.policy import Policy, Weights
from reels.core.types import ReelStats, UserState
from reels.core.user_state import unpack
from reels.recommender.candidates.packing import unpack as unpack_candidates
from reels.recommender.models import build, empty_snapshot, no_models
from reels.recommender.note import PageNote
from reels.recommender.orders import Orders
from reels.recommender.tail import prepare, tail_of
from reels.stores.redis.signals import RedisSignals

pytestmark = pytest.mark.anyio


@pytest.fixture
async def mine(mongo: Database, redis: Redis, redis_url: str) -> AsyncIterator[Desk]:
    async with desk(mongo, redis_url) as made:
        yield made


def topics_of(page: Any) -> Counter[str]:
    return Counter(tag for item in page["items"] for tag in item["tags"])


async def test_a_page_says_everything_about_itself(mine: Desk) -> None:
    page = await mine.page()
    assert page["policy"] == {"name": "documented", "version": 0}
    assert page["snapshot"] == plain().version
    assert page["degraded"] == []
    assert len(page["items"]) == 10
    for item in page["items"]:
        assert set(item["parts"]) == {"content", "cf", "popularity", "exploration"} == set(item["contributions"])
        assert sum(item["contributions"].values()) + sum(item["boosts"].values()) == pytest.approx(
            item["score"], abs=1e-4
        )
        assert 1 <= len(item["reasons"]) <= 3
        assert len(item["reasons"]) == len(item["reason_codes"])
        assert 0 < item["propensity"] <= 1
        assert item["title"]
        assert item["sources"]


async def test_a_cold_viewer_gets_a_diverse_page_of_what_is_popular_and_fresh(mine: Desk) -> None:
    page = await mine.page()
    assert len(topics_of(page)) >= 4
    assert max(Counter(item["creator_id"] for item in page["items"]).values()) <= 2
    said = {code.split("|")[0] for item in page["items"] for code in item["reason_codes"]}
    assert said & {"fresh", "popular_in", "popular", "new_creator"}


async def test_the_next_page_obeys_a_like(mine: Desk) -> None:
    first = await mine.page()
    for item in first["items"][:3]:
        await mine.send("like", reel_name(1 + 8 * (int(item["reel_id"][1:]) % 40)))
    page = await mine.page(first["next_cursor"])
    liked = [item for item in page["items"] if not item["explored"] and "topic1" in item["tags"]]
    assert len(liked) >= 3
    assert any(code.startswith("liked|") for item in liked for code in item["reason_codes"])


async def test_the_next_page_obeys_a_skip_and_a_refusal(mine: Desk) -> None:
    for i in range(3, 8):
        for topic in (1, 4):
            await mine.send("watch", reel_name(topic + 8 * i), watch_sec=15.0)
    before = topics_of(await mine.page())
    for i in range(20, 26):
        await mine.send("not_interested", reel_name(1 + 8 * i))
        await mine.send("skip", reel_name(1 + 8 * i + 80))
    after = topics_of(await mine.page())
    assert after["topic1"] < before["topic1"]
    assert after["topic4"] >= 3


async def test_a_reel_skipped_in_a_fifth_of_a_second_is_not_shown_again(mine: Desk) -> None:
    await mine.send("watch", reel_name(5), watch_sec=0.2)
    assert reel_name(5) not in ids(*await mine.pages(60))


async def test_a_blocked_creator_vanishes_at_once(mine: Desk) -> None:
    first = await mine.page()
    blocked = first["items"][0]["creator_id"]
    await mine.send("block", first["items"][0]["reel_id"])
    rest = [await mine.page(first["next_cursor"])]
    while rest[-1]["next_cursor"]:
        rest.append(await mine.page(rest[-1]["next_cursor"]))
    assert blocked not in {item["creator_id"] for page in rest for item in page["items"]}
    assert len(ids(*rest)) > 250


async def test_paging_to_the_end_shows_everything_once_and_then_ends(mine: Desk) -> None:
    pages = await mine.pages(1000, limit=17)
    shown = ids(*pages)
    assert len(shown) == len(set(shown))
    twin_or_blocked = int((~plain().active).sum()) + 1
    assert len(shown) == plain().n - twin_or_blocked, "all but inactive reels and the second of two near-duplicates"
    assert pages[-1]["next_cursor"] is None
    assert (await mine.page())["items"] == []


async def test_a_page_asked_twice_is_the_same_page_whatever_happened_between(mine: Desk) -> None:
    first = await mine.page()
    second = await mine.page(first["next_cursor"])
    await mine.send("like", reel_name(9))
    assert await mine.page(first["next_cursor"]) == second


async def test_two_requests_for_the_same_page_at_once_get_the_same_page(mine: Desk) -> None:
    first = await mine.page()
    second, again, third = await asyncio.gather(*[mine.page(first["next_cursor"]) for _ in range(3)])
    assert second == again == third


async def test_the_creator_cap_holds_over_page_borders(mine: Desk) -> None:
    pages = await mine.pages(12)
    creators = [item["creator_id"] for page in pages for item in page["items"]]
    windows = [creators[i : i + 10] for i in range(len(creators) - 9)]
    assert max(max(Counter(window).values()) for window in windows) <= 2


async def test_somebody_elses_cursor_is_refused(mine: Desk) -> None:
    first = await mine.page()
    with pytest.raises(BadCursor):
        await mine.page(first["next_cursor"], user="u_other")
    with pytest.raises(BadCursor):
        await mine.page("made-up")


async def test_latest_is_newest_first_and_overlaps_nothing(mine: Desk) -> None:
    pages = await mine.pages(100, limit=20, mode="latest")
    shown = ids(*pages)
    assert len(shown) == len(set(shown)) > 380
    published = plain().published[plain().rows_of(keys_of(shown))]
    assert (np.diff(published) <= 0).all()
    assert pages[0]["items"][0]["reasons"] == ["Newest first"]


async def test_candidates_are_kept_and_the_newest_like_still_counts(mine: Desk) -> None:
    first = await mine.page()
    cached = (await mine.worker.viewers.read(ME)).candidates
    assert cached is not None
    await mine.send("like", reel_name(2))
    row = int(plain().rows_of(np.array([key_of(reel_name(2))]))[0])
    table = plain().snapshot.next
    near = set(plain().keys[table.indices[table.indptr[row] : table.indptr[row + 1]]].tolist())
    page = await mine.page(first["next_cursor"], limit=20)
    assert (await mine.worker.viewers.read(ME)).candidates is not None
    assert len(near & set(keys_of(ids(page)).tolist())) >= 3


async def test_a_new_reel_of_the_tail_is_served_though_candidates_are_cached(mine: Desk) -> None:
    first = await mine.page()
    mine.models = with_tail()
    pages = [await mine.page(first["next_cursor"], limit=30)]
    while len(pages) < 3:
        pages.append(await mine.page(pages[-1]["next_cursor"], limit=30))
    assert {f"t{i}" for i in range(5)} & set(ids(*pages))


async def test_a_used_up_candidate_set_is_replaced_after_the_page(mine: Desk) -> None:
    pages = await mine.pages(7, limit=30)
    await mine.standing.feed.settle()
    cached = (await mine.worker.viewers.read(ME)).candidates
    assert cached is not None
    shown = set(keys_of(ids(*pages)).tolist())
    left = [key for key in unpack_candidates(cached).keys.tolist() if key not in shown]
    assert len(left) > 60


async def test_another_snapshot_makes_new_candidates(mine: Desk) -> None:
    first = await mine.page()
    mine.models = build(make_snapshot(400, seed=3))
    page = await mine.page(first["next_cursor"])
    assert page["snapshot"] == mine.models.version
    assert not set(ids(first)) & set(ids(page))


async def test_a_policy_takes_effect_with_the_next_page(mine: Desk) -> None:
    first = await mine.page()
    added = await mine.policies.add(Policy(weights=Weights(0, 0, 1, 0), epsilon=0.0), 1.0, "me")
    await RedisSignals(mine.worker.viewers._redis).set_policy_version(added.version)
    page = await mine.page(first["next_cursor"])
    assert page["policy"]["version"] == added.version
    assert all(item["propensity"] == 1.0 for item in page["items"])


async def test_before_the_first_snapshot_there_are_reels_of_the_catalogue(mine: Desk) -> None:
    mine.models = no_models()
    page = await mine.page()
    assert page["items"] == []
    assert page["degraded"] == ["no_snapshot"]
    late = [prepare(stored(f"n{i}", f"c{i % 7}", stats=ReelStats(views=10**i))) for i in range(8)]
    mine.models = build(empty_snapshot(), tail_of(empty_snapshot(), Orders(), late, {}))
    page = await mine.page()
    assert sorted(ids(page)) == [f"n{i}" for i in range(8)]
    assert (page["degraded"], page["snapshot"], page["next_cursor"]) == (["no_snapshot"], "", None)


async def test_with_redis_flushed_nothing_is_forgotten(mine: Desk, redis: Redis) -> None:
    pages = await mine.pages(5)
    await mine.send("block", pages[0]["items"][0]["reel_id"])
    await mine.standing.feed.settle()
    await mine.standing.record.flush()
    mine.standing.feed._parts.answered._pages.clear()
    mine.standing.feed._parts.answered._of.clear()
    await redis.flushall()
    assert await mine.page(pages[1]["next_cursor"]) == pages[2], "from the record"
    await redis.flushall()
    more = [await mine.page()]
    more += [await mine.page(more[0]["next_cursor"])]
    assert not set(ids(*more)) & set(ids(*pages))
    assert pages[0]["items"][0]["creator_id"] not in {item["creator_id"] for page in more for item in page["items"]}


class Away:
    """A store that does not answer."""

    def __init__(self, store: str) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        async def refuse(*args: object, **more: object) -> None:
            raise StoreUnavailable(self._store, "switched off")

        return refuse


def without_redis(mine: Desk) -> None:
    parts = mine.standing.feed._parts
    away: Any = Away("redis")
    parts.building._viewers = parts.gathering._viewers = away
    mine.standing.feed._parts = replace(parts, viewers=away)


async def test_without_redis_the_feed_answers_and_repeats_nothing(mine: Desk) -> None:
    before = await mine.pages(3)
    await mine.send("block", before[0]["items"][0]["reel_id"])
    await mine.standing.feed.settle()
    await mine.standing.record.flush()
    without_redis(mine)
    page = await mine.page(before[-1]["next_cursor"])
    again = await mine.page(before[-1]["next_cursor"])
    later = await mine.page(page["next_cursor"])
    assert page["degraded"] == ["redis"]
    assert again == page
    shown = ids(*before, page, later)
    assert len(shown) == len(set(shown)) == 50
    assert before[0]["items"][0]["creator_id"] not in {i["creator_id"] for p in (page, later) for i in p["items"]}


async def test_without_mongodb_the_feed_answers_from_redis(mine: Desk) -> None:
    first = await mine.page()
    parts = mine.standing.feed._parts
    away: Any = Away("mongo")
    parts.gathering._feeds = away
    parts.gathering._rebuild = away.rebuild
    page = await mine.page(first["next_cursor"])
    assert page["degraded"] == []
    assert len(page["items"]) == 10
    stranger = await mine.page(user="u_unknown_to_redis")
    assert stranger["degraded"] == ["mongo"]
    assert len(stranger["items"]) == 10


async def test_without_both_there_is_still_a_page(mine: Desk) -> None:
    parts = mine.standing.feed._parts
    away: Any = Away("mongo")
    parts.gathering._feeds = away
    parts.gathering._rebuild = away.rebuild
    parts.policies._store = away
    without_redis(mine)
    first = await mine.page()
    second = await mine.page(first["next_cursor"])
    assert first["degraded"] == ["redis", "mongo"]
    assert len(set(ids(first, second))) == 20


async def test_a_broken_source_is_named_and_the_page_is_full(mine: Desk) -> None:
    class Broken:
        name = "content"

        def find(self, *_: object) -> Any:
            raise RuntimeError("broken on purpose")

    generator = mine.standing.feed._parts.building.generator
    generator.shares = (replace(generator.shares[0], source=Broken()), *generator.shares[1:])
    page = await mine.page()
    assert page["degraded"] == ["content"]
    assert len(page["items"]) == 10


async def test_a_damaged_state_is_rebuilt(mine: Desk, redis: Redis) -> None:
    await mine.send("like", reel_name(9))
    first = await mine.page()
    names = [name async for name in redis.scan_iter("*state*")]
    assert len(names) == 1
    await redis.set(names[0], b"not a state")
    await mine.page(first["next_cursor"])
    kept = (await mine.worker.viewers.read(ME)).state
    assert kept is not None
    state: UserState = unpack(kept)
    assert key_of(reel_name(9)) in state.liked


async def test_served_pages_are_recorded_with_all_that_went_into_them(mine: Desk) -> None:
    page = await mine.page()
    await mine.standing.feed.settle()
    await mine.standing.record.flush()
    recorded = await mine.feeds.get(page["feed_id"])
    assert recorded is not None
    assert [item.reel_id for item in recorded.page.items] == ids(page)
    assert recorded.page.next_cursor == page["next_cursor"]
    assert {"read", "candidates", "rank", "render", "keep", "total"} <= set(recorded.page.timings_ms)
    assert len(recorded.inputs) > 100


async def test_the_body_is_the_same_json_however_it_was_spliced(mine: Desk) -> None:
    body = await mine.standing.feed.page(ME, limit=10, cursor=None, mode="for_you", now=mine.now)
    assert orjson.loads(orjson.dumps(orjson.loads(body))) == orjson.loads(body)


async def test_what_became_of_a_page_is_noted_before_it_is_answered(mine: Desk) -> None:
    notes: list[PageNote] = []

    async def ask(cursor: str | None) -> Any:
        page = mine.standing.feed.page(ME, limit=10, cursor=cursor, mode="for_you", now=mine.now, note=notes.append)
        return orjson.loads(await page)

    first = await ask(None)
    second = await ask(first["next_cursor"])
    await ask(first["next_cursor"])
    assert [note.feed_id for note in notes] == [page["feed_id"] for page in (first, second, second)]
    assert [note.again for note in notes] == [False, False, True]
    assert notes[1].viewer_kept
    assert list(notes[0].timings_ms) == ["read", "viewer", "candidates", "rank", "render", "keep", "total"]
    assert list(notes[2].timings_ms) == ["read", "total"]
    without_redis(mine)
    await ask(second["next_cursor"])
    assert notes[3].degraded == ("redis",)
    assert not notes[3].viewer_kept
