"""Batch answers: what the feed would show without exploration, for many at once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from redis.asyncio import Redis
from tests.conftest import Database
from tests.recommender.models_in_use import plain, snapshot, with_tail
from tests.recommender.serving import ME, Desk, desk
from tests.recommender.viewers import fan_of_topic, mixed, state_of
from tests.snapshots import NOW, reel_name

from reels.core.keys import keys_of
from reels.core.policy import Policy
from reels.core.types import User
from reels.core.user_state import pack
from reels.learning.snapshot import write
from reels.recommender import batch_viewers
from reels.recommender.batch import BatchViewer
from reels.recommender.batch_processes import BatchProcesses, batch_of
from reels.recommender.batch_viewers import viewers_of

pytestmark = pytest.mark.anyio
CHANCELESS = Policy(epsilon=0.0)


@pytest.fixture
async def mine(mongo: Database, redis: Redis, redis_url: str) -> AsyncIterator[Desk]:
    async with desk(mongo, redis_url) as made:
        yield made


async def some_history(mine: Desk, user: str = ME) -> None:
    for i in range(3, 9):
        await mine.send("watch", reel_name(1 + 8 * i), user, watch_sec=15.0)
        await mine.send("impression", reel_name(2 + 8 * i), user)
        await mine.send("skip", reel_name(3 + 8 * i), user)
    await mine.send("like", reel_name(44), user)


@pytest.mark.parametrize("models", [plain(), with_tail()], ids=["plain", "with_tail"])
async def test_a_page_without_exploration_is_the_batch_answer(mine: Desk, models: object) -> None:
    mine.models = with_tail() if models is with_tail() else plain()
    mine.standing.feed._parts.policies._default = CHANCELESS
    await some_history(mine)
    groups = [group async for group in viewers_of(mine.worker.users, mine.worker.interactions, mine.worker.rebuild)]
    (viewer,) = (one for group in groups for one in group)
    (answer,) = batch_of(mine.models, CHANCELESS, mine.now).recommend([viewer], 20)
    page = await mine.page(limit=20)
    assert [item["reel_id"] for item in page["items"]] == list(answer.reel_ids)
    assert [item["score"] for item in page["items"]] == list(answer.scores)
    assert len(answer.reel_ids) == 20


async def test_viewers_from_columns_are_those_the_feed_knows(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_viewers, "ONE_BY_ONE", 1)
    monkeypatch.setattr(batch_viewers, "TOGETHER", 3)
    people = [f"u{i}" for i in range(7)]
    for user in people:
        await mine.worker.users.create(User(user, NOW, "US", "en"))
        await some_history(mine, user)
    await mine.send("block", reel_name(50), "u3")
    wanted = [*people[1:], "nobody"]
    read = viewers_of(mine.worker.users, mine.worker.interactions, mine.worker.rebuild, wanted)
    found = {one.state.user_id: one async for group in read for one in group}
    assert set(found) == set(wanted)
    for user, one in found.items():
        state, seen = await mine.worker.rebuild(user)
        assert pack(one.state) == pack(state)
        assert one.seen.tolist() == seen.tolist()
    assert found["nobody"].state.is_cold
    assert len(found["u3"].state.blocked) == 1


async def test_processes_answer_like_one(tmp_path: Path) -> None:
    directory, models = write(tmp_path, snapshot()), with_tail()
    viewers = [
        BatchViewer(replace(state, user_id=f"u{i}")) for i, state in enumerate([state_of(), fan_of_topic(1), mixed()])
    ]

    async def groups() -> AsyncIterator[list[BatchViewer]]:
        for one in viewers:
            yield [one]

    pool = BatchProcesses(directory, models, CHANCELESS, NOW, 2)
    try:
        beside = [answer async for answers in pool.recommend(groups(), 15) for answer in answers]
    finally:
        pool.close()
    assert beside == list(batch_of(models, CHANCELESS, NOW).recommend(viewers, 15))


def test_nothing_seen_is_recommended() -> None:
    seen = np.sort(plain().keys[::2])
    (answer,) = batch_of(plain(), CHANCELESS, NOW).recommend([BatchViewer(fan_of_topic(1), seen)], 50)
    assert not np.isin(keys_of(answer.reel_ids), seen).any()
    assert len(answer.reel_ids) == 50


def test_scores_of_pairs_are_those_of_the_page() -> None:
    batch = batch_of(with_tail(), CHANCELESS, NOW)
    viewer = BatchViewer(mixed())
    (answer,) = batch.recommend([viewer], 10)
    scores = batch.score(viewer, [*answer.reel_ids, "no such reel", answer.reel_ids[0]])
    assert np.allclose(scores[:10], answer.scores, atol=1e-6)
    assert np.isnan(scores[10])
    assert scores[11] == scores[0]
