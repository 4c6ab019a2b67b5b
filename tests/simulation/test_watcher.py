"""Watching a feed: what is sent, when, and what the report says about feeds that know and feeds that don't."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from tests.simulation.fake_feed import FakeFeed, problem

from reels.core.errors import BadSample, ConfigError, FeedUnreachable
from reels.simulation.report import WatchReport
from reels.simulation.sample import Sample, write
from reels.simulation.truth import Truth, load_truth
from reels.simulation.viewers import Viewer
from reels.simulation.watcher import WatchConfig, watch


@pytest.fixture(scope="module")
def truth(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    directory: Path = tmp_path_factory.mktemp("sample")
    write(sample, directory)
    return load_truth(directory)


@pytest.fixture
def viewers(sample: Sample) -> list[Viewer]:
    return sample.viewers[:4]


class Clock:
    """A second goes by at every look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def _watch(feed: FakeFeed, viewers: Sequence[Viewer], truth: Truth, seed: int = 1, swipes: int = 30) -> WatchReport:
    with feed.client() as http:
        return watch(
            http, viewers, truth, WatchConfig(swipes=swipes), np.random.default_rng(seed),
            clock=Clock(), sleep=lambda seconds: None,
        )  # fmt: skip


def _shuffled(truth: Truth, seed: int = 0) -> FakeFeed:
    ids = list(np.random.default_rng(seed).permutation(list(truth.row_of)))
    return FakeFeed(lambda words: [str(reel) for reel in ids])


def _all_knowing(truth: Truth, viewer: Viewer) -> FakeFeed:
    ids, best = list(truth.row_of), np.argsort(-truth.affinity(viewer))
    return FakeFeed(lambda words: [ids[row] for row in best])


def test_a_feed_that_knows_beats_popularity_and_one_that_does_not_know_does_not(
    truth: Truth, viewers: list[Viewer]
) -> None:
    knowing = _watch(_all_knowing(truth, viewers[0]), viewers[:1], truth)
    blind = _watch(_shuffled(truth), viewers, truth)
    popular, _, best = knowing.compared
    assert knowing.watched.mean() == pytest.approx(best.mean())
    assert knowing.watched.last() > 3 * popular.last()
    assert blind.watched.mean() < 0.5 * blind.compared[2].mean()


def test_viewers_sign_up_with_their_region_and_language(truth: Truth, viewers: list[Viewer]) -> None:
    feed = _shuffled(truth)
    _watch(feed, viewers, truth)
    assert [(words["region"], words["language"]) for words in feed.users.values()] == [
        (viewer.region, viewer.language) for viewer in viewers
    ]


def test_everything_seen_is_reported_before_the_next_page(truth: Truth, viewers: list[Viewer]) -> None:
    feed = _shuffled(truth)
    _watch(feed, viewers[:1], truth)
    impressions = [e for e in feed.events.values() if e["kind"] == "impression"]
    assert len(impressions) == 30
    known = [count for _, count in feed.pages_after]
    assert known[0] == 0
    assert known[1] >= 20
    assert known[2] >= known[1] + 20


def test_events_are_well_formed(truth: Truth, viewers: list[Viewer]) -> None:
    feed = _shuffled(truth)
    _watch(feed, viewers[:2], truth)
    for event in feed.events.values():
        timed = event["kind"] in ("watch", "skip")
        assert ("watch_sec" in event) == timed
        assert ("duration_sec" in event) == timed
        assert event["reel_id"] in truth.row_of
        assert 0 <= event["position"] < 10
        assert datetime.fromisoformat(event["occurred_at"]).utcoffset() == timedelta(0)


def test_the_order_of_events_is_never_in_doubt(truth: Truth, viewers: list[Viewer]) -> None:
    feed = _shuffled(truth)
    stopped = datetime(2026, 11, 1, tzinfo=UTC)
    with feed.client() as http:
        watch(
            http, viewers[:1], truth, WatchConfig(), np.random.default_rng(1),
            clock=lambda: stopped, sleep=lambda seconds: None,
        )  # fmt: skip
    times = [event["occurred_at"] for event in feed.events.values()]
    assert times == sorted(set(times))


def test_same_seed_same_session(truth: Truth, viewers: list[Viewer]) -> None:
    first, second, third = _shuffled(truth), _shuffled(truth), _shuffled(truth)
    for feed, seed in ((first, 1), (second, 1), (third, 2)):
        _watch(feed, viewers, truth, seed)
    assert first.events == second.events != third.events


def test_an_outage_in_the_middle_changes_nothing(truth: Truth, viewers: list[Viewer]) -> None:
    calm, stormy, count = _shuffled(truth), _shuffled(truth), 0

    def every_other_acknowledgement_is_lost(request: httpx.Request) -> httpx.Response | None:
        nonlocal count
        count += 1
        return problem(503, "gone") if request.url.path == "/events" and count % 2 else None

    stormy.fault_after = every_other_acknowledgement_is_lost
    quiet, lively = _watch(calm, viewers, truth), _watch(stormy, viewers, truth)
    assert [e["event_id"] for e in stormy.events.values()] == [e["event_id"] for e in calm.events.values()]
    assert lively.duplicates > 0 == quiet.duplicates
    np.testing.assert_array_equal(lively.watched.affinity, quiet.watched.affinity)


def test_an_api_that_stays_away_is_named(truth: Truth, viewers: list[Viewer]) -> None:
    feed = _shuffled(truth)
    feed.fault_before = lambda request: problem(503, "no") if request.url.path == "/events" else None
    with pytest.raises(FeedUnreachable, match="POST /events failed 5 times"):
        _watch(feed, viewers, truth)


def test_a_feed_that_ends_is_watched_to_its_end(truth: Truth, viewers: list[Viewer]) -> None:
    report = _watch(FakeFeed(lambda words: list(truth.row_of)[:12]), viewers, truth)
    assert (~np.isnan(report.watched.affinity)).sum(axis=1).tolist() == [12] * 4
    assert np.isnan(report.watched.by_swipe()[12:]).all()


def test_an_empty_page_ends_the_session(truth: Truth, viewers: list[Viewer]) -> None:
    report = _watch(FakeFeed(lambda words: []), viewers, truth)
    assert report.events == 0
    assert np.isnan(report.watched.mean())


def test_repeats_unknown_reels_and_degraded_pages_are_counted(truth: Truth, viewers: list[Viewer]) -> None:
    known = list(truth.row_of)
    feed = FakeFeed(lambda words: [*known[:8], known[0], "reel-of-somebody-else"])

    def degraded(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/feed":
            return None
        items = [{"reel_id": reel} for reel in feed.order({})]
        page = {"feed_id": "f", "items": items, "next_cursor": None, "degraded": ["redis"]}
        return httpx.Response(200, content=json.dumps(page))

    feed.fault_before = degraded
    report = _watch(feed, viewers[:1], truth)
    assert (report.repeats, report.unknown, report.degraded) == (1, 1, 1)
    assert np.isnan(report.watched.affinity[0, 9])


def test_a_feed_of_another_catalogue_is_refused(truth: Truth, viewers: list[Viewer]) -> None:
    with pytest.raises(BadSample, match="served 8 reels and none is in the sample"):
        _watch(FakeFeed(lambda words: ["x", "y"]), viewers, truth)


def test_rejections_are_reported_with_their_reason(truth: Truth, viewers: list[Viewer]) -> None:
    feed = _shuffled(truth)
    rejected = {"stored": 3, "duplicates": 0, "rejected": [{"index": 0, "reason": "kind: unknown"}]}
    feed.fault_after = lambda request: httpx.Response(200, json=rejected) if request.url.path == "/events" else None
    report = _watch(feed, viewers[:1], truth, swipes=5)
    assert (report.events, report.rejected) == (3, ["kind: unknown"])


def test_no_more_swipes_than_asked_for(truth: Truth, viewers: list[Viewer]) -> None:
    feed = _shuffled(truth)
    _watch(feed, viewers[:1], truth, swipes=13)
    assert sum(event["kind"] == "impression" for event in feed.events.values()) == 13


@pytest.mark.parametrize("wrong", [{"swipes": 0}, {"page_size": 0}, {"flush_every": 0}])
def test_impossible_configs_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="start at 1"):
        WatchConfig(**wrong)  # type: ignore[arg-type]
