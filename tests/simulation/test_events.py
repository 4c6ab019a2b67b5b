"""Histories: possible, of the right size, and telling of the known tastes."""

from collections import Counter, defaultdict

import numpy as np

from reels.core.types import EventKind
from reels.simulation.sample import Sample
from reels.simulation.topics import TOPICS


def test_histories_have_about_30_to_60_events(sample: Sample) -> None:
    counts = np.array(sorted(Counter(event.viewer for event in sample.events).values()))
    assert len(counts) == 500
    assert 35 <= np.median(counts) <= 55
    assert counts.min() >= 8
    assert counts.max() <= 120
    assert np.mean((counts >= 25) & (counts <= 70)) > 0.85


def test_every_kind_of_event_is_there(sample: Sample) -> None:
    kinds = Counter(event.kind for event in sample.events)
    assert set(kinds) == {
        EventKind.IMPRESSION, EventKind.WATCH, EventKind.SKIP, EventKind.LIKE, EventKind.SAVE, EventKind.SHARE,
        EventKind.FOLLOW, EventKind.NOT_INTERESTED,
    }  # fmt: skip
    assert min(kinds.values()) > 20
    assert kinds[EventKind.WATCH] + kinds[EventKind.SKIP] == kinds[EventKind.IMPRESSION]


def test_events_are_in_order_of_time(sample: Sample) -> None:
    times = [event.occurred_at for event in sample.events]
    assert times == sorted(times)


def test_nobody_sees_a_reel_twice_or_before_it_was_published(sample: Sample) -> None:
    shown = [(e.viewer, e.reel) for e in sample.events if e.kind is EventKind.IMPRESSION]
    assert len(set(shown)) == len(shown)
    published = sample.catalogue.published_at
    assert all(event.occurred_at > published[event.reel] for event in sample.events)


def test_an_impression_comes_before_what_follows_from_it(sample: Sample) -> None:
    impressed: set[tuple[int, int]] = set()
    for event in sample.events:
        if event.kind is EventKind.IMPRESSION:
            impressed.add((event.viewer, event.reel))
        assert (event.viewer, event.reel) in impressed


def test_watched_seconds_with_watch_and_skip_only(sample: Sample) -> None:
    for event in sample.events:
        timed = event.kind in (EventKind.WATCH, EventKind.SKIP)
        assert (event.watch_sec is not None) == timed
        assert (event.duration_sec is not None) == timed


def test_likes_tell_the_known_tastes(sample: Sample) -> None:
    """Nine of ten likes are for an interest; most viewers' most watched topic is one of theirs."""
    topic_of = [TOPICS[t].name for t in sample.catalogue.topic]
    interests = [set(viewer.interests()) for viewer in sample.viewers]
    likes = [e for e in sample.events if e.kind is EventKind.LIKE]
    assert np.mean([topic_of[e.reel] in interests[e.viewer] for e in likes]) > 0.9
    seconds: dict[int, Counter[str]] = defaultdict(Counter)
    for event in sample.events:
        if event.kind is EventKind.WATCH and event.watch_sec:
            seconds[event.viewer][topic_of[event.reel]] += round(10 * event.watch_sec)
    favourites = [counts.most_common(1)[0][0] in interests[viewer] for viewer, counts in seconds.items()]
    assert np.mean(favourites) > 0.85


def test_skips_tell_what_is_not_to_their_taste(sample: Sample) -> None:
    topic_of = [TOPICS[t].name for t in sample.catalogue.topic]
    interests = [set(viewer.interests()) for viewer in sample.viewers]
    unwanted = [e for e in sample.events if e.kind is EventKind.NOT_INTERESTED]
    assert np.mean([topic_of[e.reel] not in interests[e.viewer] for e in unwanted]) > 0.8, (
        "others: in a language not theirs"
    )


def test_popular_reels_are_seen_more(sample: Sample) -> None:
    shown = Counter(e.reel for e in sample.events if e.kind is EventKind.IMPRESSION)
    counts = np.array([shown[row] for row in range(len(sample.catalogue))])
    order = np.argsort(-sample.catalogue.views)
    assert counts[order[:200]].mean() > 2 * counts[order[1000:]].mean()
