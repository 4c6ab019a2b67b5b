"""Popularity: smoothing, recency, places."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.learning.logs import columns

from reels.core.ports import StoredReel
from reels.core.types import Event, EventKind, Reel, ReelStats
from reels.learning.catalogue import Catalogue, catalogue_of, coded
from reels.learning.interactions import Interactions, interactions_of
from reels.learning.popularity import best_of_each, beta_prior, count, popularity, seen_from, smoothed_rate

DAY = 86_400.0
NOW = 1_000 * DAY


def catalogue(*stats: ReelStats, published: float = NOW - DAY) -> Catalogue:
    return catalogue_of(
        [StoredReel(Reel(f"r{i}", published_at=published, stats=one), NOW, NOW, "h") for i, one in enumerate(stats)]
    )


def ranked(cat: Catalogue, pairs: Interactions | None = None) -> dict[str, float]:
    pairs = pairs or interactions_of(columns([], {}))
    counts = count(pairs, cat.keys, cat.published, now=NOW, half_life_sec=14 * DAY)
    return dict(zip(cat.ids, popularity(cat, counts, now=NOW, half_life_sec=14 * DAY).tolist(), strict=True))


def test_one_like_of_one_view_is_not_a_hundred_percent() -> None:
    likes, views = np.array([1.0, 300.0, 40.0, 50.0]), np.array([1.0, 1000.0, 1000.0, 900.0])
    rates = smoothed_rate(likes, views)
    assert rates[0] < 0.5
    assert rates[1] > rates[0]
    assert abs(rates[1] - 0.3) < 0.02
    found = ranked(
        catalogue(ReelStats(1, 1), ReelStats(100_000, 20_000), *(ReelStats(1000, 50 + i) for i in range(20)))
    )
    assert found["r1"] > found["r0"]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 200)), min_size=1, max_size=30))
def test_smoothed_rates_lie_between_prior_and_data(rows: list[tuple[int, int]]) -> None:
    successes, trials = (np.array(column, float) for column in zip(*rows, strict=True))
    rates = smoothed_rate(successes, trials)
    a, b = beta_prior(np.minimum(successes, trials), trials)
    assert a > 0
    assert b > 0
    raw = np.minimum(successes, trials) / np.maximum(trials, 1)
    prior = np.full(len(raw), a / (a + b))
    raw = np.where(trials > 0, raw, prior)
    assert (rates >= np.minimum(raw, prior) - 1e-9).all()
    assert (rates <= np.maximum(raw, prior) + 1e-9).all()


def test_the_prior_is_found_again_from_data() -> None:
    rng = np.random.default_rng(0)
    trials = rng.integers(50, 500, 20_000).astype(float)
    successes = rng.binomial(trials.astype(int), rng.beta(3, 47, len(trials))).astype(float)
    a, b = beta_prior(successes, trials)
    np.testing.assert_allclose([a, b], [3, 47], rtol=0.1)


@settings(deadline=None)
@given(st.lists(st.builds(ReelStats, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**6)), max_size=20))
def test_popularity_is_in_0_to_1(stats: list[ReelStats]) -> None:
    found = list(ranked(catalogue(*stats)).values())
    assert all(0 <= one <= 1 for one in found)


def test_better_rates_and_more_views_and_newer_are_more_popular() -> None:
    plain = ReelStats(1000, 50, 5, 0.4, 0.5)
    others = [plain] * 10
    for better in (
        replace(plain, views=50_000, likes=2500, comments=250),
        replace(plain, likes=200),
        replace(plain, comments=60),
        replace(plain, retention_rate=0.9),
        replace(plain, first_3_sec_engagement=0.9),
    ):
        found = ranked(catalogue(better, *others))
        assert found["r0"] > found["r1"]
    young, old = (
        StoredReel(Reel(name, published_at=at, stats=plain), at, at, "h") for name, at in (("a", NOW), ("b", 0))
    )
    found = ranked(catalogue_of([young, old]))
    assert found["a"] > found["b"]


def test_counted_interactions_count() -> None:
    cat = catalogue(*[ReelStats(10, 1)] * 5)
    keys = dict(zip(cat.ids, cat.keys.tolist(), strict=True))
    log = [Event(f"w{u}", f"u{u}", "r2", EventKind.WATCH, NOW - 60, 9.0, 10.0) for u in range(30)]
    log += [Event(f"l{u}", f"u{u}", "r2", EventKind.LIKE, NOW - 50) for u in range(20)]
    log += [Event(f"i{u}", f"u{u}", "r3", EventKind.IMPRESSION, NOW - 50) for u in range(20)]
    pairs = interactions_of(columns(log, keys))
    found = ranked(cat, pairs)
    assert found["r2"] == max(found.values())
    counts = count(pairs, cat.keys, cat.published, now=NOW, half_life_sec=DAY)
    by_id = dict(zip(cat.ids, counts.shown.tolist(), strict=True))
    assert (by_id["r2"], by_id["r3"], by_id["r0"]) == (30, 20, 0)
    usual = dict(zip(cat.ids, counts.usual_rate.tolist(), strict=True))
    assert usual["r2"] > 0 == usual["r3"]


def test_a_steady_stream_has_its_usual_rate() -> None:
    cat = catalogue(ReelStats(), published=NOW - 60 * DAY)
    keys = dict(zip(cat.ids, cat.keys.tolist(), strict=True))
    log = [Event(f"{u}", f"u{u:05d}", "r0", EventKind.LIKE, NOW - u * 600.0) for u in range(6000)]
    counts = count(interactions_of(columns(log, keys)), cat.keys, cat.published, now=NOW, half_life_sec=DAY)
    np.testing.assert_allclose(counts.usual_rate, 1 / 600, rtol=0.05)


def test_places_prefer_their_own() -> None:
    overall = np.array([0.4, 0.8, 0.2, 0.6], np.float32)
    places = np.array([0, 1, 0, -1], np.int16)
    best = best_of_each(overall, places, 3)
    np.testing.assert_allclose(best, [0.4, 0.8, 0.0], rtol=1e-6)
    tables = [seen_from(overall, places, best, place) for place in range(3)]
    np.testing.assert_allclose(tables[:2], [[1.0, 0.4, 0.5, 0.45], [0.2, 1.0, 0.1, 0.45]], rtol=1e-6)
    np.testing.assert_allclose(tables[2], [0.2, 0.4, 0.1, 0.45], rtol=1e-6)


def test_places_are_coded_most_common_first() -> None:
    names, codes = coded(["IN", "", "US", "IN", "BR", "US"], most=2)
    assert names == ("IN", "US")
    assert codes.tolist() == [0, -1, 1, 0, -1, 1]
