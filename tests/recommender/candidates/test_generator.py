"""Candidates: shares, who found what, what is hidden, what is late, what has happened since."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import fan_of_topic, mixed, query, state_of, watched
from tests.snapshots import NOW, reel_name

from reels.core.keys import key_of
from reels.core.policy import Policy
from reels.core.types import FeedQuery, Rows
from reels.recommender.candidates.fresh import Fresh
from reels.recommender.candidates.generator import Generator, Share, union
from reels.recommender.models import Models
from reels.recommender.stages import Viewer
from reels.recommender.standard import generators
from reels.recommender.viewer import viewer_of


class Given:
    """Finds what it was given, when it is let."""

    def __init__(self, name: str, rows: list[int], gate: threading.Event | None = None) -> None:
        self.name, self.rows, self.gate = name, rows, gate

    def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
        if self.gate is not None:
            self.gate.wait(10)
        return np.array(self.rows[:limit], np.int32)


def test_union_takes_turns_by_quota_and_remembers_who_found_what() -> None:
    found = union([np.arange(0, 10, dtype=np.int32), np.array([100, 3, 101], np.int32)], [4, 2], 8)
    assert found.rows.tolist() == [0, 100, 1, 2, 3, 4, 101, 5]
    assert found.found_by.tolist() == [1, 2, 1, 1, 3, 1, 2, 1]


def test_nothing_hidden_is_found_and_every_source_has_its_share() -> None:
    models, state = with_tail(), fan_of_topic(1)
    viewer = viewer_of(state, models, models.keys[:150], models.keys[150:200])
    generator = generators()["for_you"]
    found = generator.build(query(), viewer, models, Policy(candidates=100))
    assert len(found.keys) == 100
    assert len(np.unique(found.keys)) == 100
    assert not np.isin(found.keys, models.keys[:200]).any()
    bits = {name: int((found.found_by >> i & 1).sum()) for i, name in enumerate(found.sources)}
    assert min(bits[name] for name in ("content", "factorization", "popular", "fresh", "new_creators")) >= 3
    assert found.snapshot == models.version
    assert found.newest.tolist() == state.history[-3:].tolist()


def test_few_candidates_are_filled_up_from_the_rest() -> None:
    models = plain()
    viewer = viewer_of(state_of(), models, models.keys[models.orders.popular[:350]])
    found = generators()["for_you"].build(query(), viewer, models, Policy())
    unseen = np.setdiff1d(models.keys[models.active], viewer.seen)
    assert sorted(found.keys.tolist()) == sorted(unseen.tolist())


def test_a_late_source_and_a_broken_one_are_named_and_the_others_count() -> None:
    gate = threading.Event()

    class Broken(Given):
        def find(self, *_: object) -> Rows:
            raise RuntimeError("on purpose")

    shares = [Share(Given("quick", [1, 2, 3]), 1), Share(Given("late", [7], gate), 1), Share(Broken("broken", []), 1)]
    with ThreadPoolExecutor(4) as pool:
        try:
            found = Generator(shares, Fresh(), pool, 0.2).build(
                query(), viewer_of(state_of(), plain()), plain(), Policy()
            )
        finally:
            gate.set()
    assert set(found.failed) == {"late", "broken"}
    assert found.keys[:3].tolist() == plain().keys[[1, 2, 3]].tolist()
    assert len(found.keys) == 300


def test_with_and_without_a_pool_the_same_candidates() -> None:
    viewer = viewer_of(mixed(), with_tail())
    with ThreadPoolExecutor(4) as pool:
        beside = generators(pool, 30.0)["for_you"].build(query(), viewer, with_tail(), Policy())
    alone = generators()["for_you"].build(query(), viewer, with_tail(), Policy())
    assert beside.keys.tolist() == alone.keys.tolist()
    assert beside.found_by.tolist() == alone.found_by.tolist()


def test_neighbours_of_a_new_like_and_new_reels_are_merged_in_at_request_time() -> None:
    models, generator = plain(), generators()["for_you"]
    before = state_of([watched(reel_name(3), at=NOW - 500)])
    cached = generator.build(query(), viewer_of(before, models), models, Policy(candidates=50))
    after = state_of([watched(reel_name(3), at=NOW - 500), watched(reel_name(2), at=NOW - 5)])
    late = with_tail()
    merged = generator.at_request(cached, query(), viewer_of(after, late), late, Policy())
    keys = set(late.keys[merged.rows].tolist())
    row = int(models.rows_of(np.array([key_of(reel_name(2))]))[0])
    for table in (models.snapshot.cf, models.snapshot.next):
        near = table.indices[table.indptr[row] : table.indptr[row + 1]]
        assert set(models.keys[near[models.active[near]]].tolist()) <= keys
    assert {key_of(f"t{i}") for i in range(5)} <= keys
    assert set(cached.keys[models.active[models.rows_of(cached.keys)]].tolist()) - keys <= {key_of(reel_name(9))}


def test_without_news_the_kept_set_stays_as_it_is_but_for_fresh_reels() -> None:
    models, generator, viewer = plain(), generators()["for_you"], viewer_of(mixed(), plain())
    cached = generator.build(query(), viewer, models, Policy())
    merged = generator.at_request(cached, query(), viewer, models, Policy())
    assert models.keys[merged.rows[: len(cached.keys)]].tolist() == cached.keys.tolist()
    assert len(merged.rows) <= len(cached.keys) + 20


def test_a_source_that_the_policy_does_not_want_is_not_asked() -> None:
    class Asked(Given):
        def find(self, query: FeedQuery, viewer: Viewer, models: Models, policy: Policy, limit: int) -> Rows:
            asked.append(self.name)
            return super().find(query, viewer, models, policy, limit)

    models, asked = plain(), list[str]()
    shares = [Share(Asked("always", [1, 2]), 1.0), Share(Asked("of the learned", [3]), 1.0, ranker="learned")]
    for pool in (None, ThreadPoolExecutor(2)):
        asked.clear()
        generator = Generator(shares, Fresh(), pool, 10.0)
        found = generator.build(query(), viewer_of(state_of(), models), models, Policy(candidates=2))
        assert asked == ["always"]
        assert found.keys.tolist() == models.keys[[1, 2]].tolist()
