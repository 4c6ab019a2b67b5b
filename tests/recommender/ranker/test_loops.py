"""The compiled loops give the very bits that the formulas, written in numpy, give."""

import numpy as np
import pytest
from tests.recommender.models_in_use import plain, with_tail
from tests.snapshots import NOW

from reels.core.policy import Policy
from reels.core.types import UserState
from reels.recommender.local import local_popularity
from reels.recommender.models import Models
from reels.recommender.ranker import loops
from reels.recommender.ranker.blend import normalised
from reels.recommender.trials import NEW_FOR_SEC, NEW_TRIALS, under_trial

RNG = np.random.default_rng(3)
RAW = np.where(RNG.random(300) < 0.2, np.nan, RNG.normal(size=300)).astype(np.float32)


def test_of_largest_is_division_by_the_largest_cut_to_0_and_1() -> None:
    known = np.where(np.isfinite(RAW), RAW, np.float32(0))
    assert np.array_equal(normalised(RAW, "max"), np.clip(known / known.max(), 0.0, 1.0))
    for nothing in (np.full(5, np.nan, np.float32), np.zeros(3, np.float32), np.empty(0, np.float32)):
        assert np.array_equal(normalised(nothing, "max"), np.zeros(len(nothing)))


def test_add_and_boosted_are_one_multiplication_and_one_addition_in_float32() -> None:
    total, part = RNG.random(300, np.float32), RNG.random(300, np.float32)
    expected = total + np.float32(0.3) * part
    loops.add(total, np.float32(0.3), part)
    assert np.array_equal(total, expected)
    boost = loops.boosted(RAW, np.float32(0.05), total)
    assert np.array_equal(boost, np.float32(0.05) * np.clip(np.where(np.isfinite(RAW), RAW, np.float32(0)), 0, 1))
    assert np.array_equal(total, expected + boost)


def test_optimism_and_age() -> None:
    published, rows = NOW - RNG.random(50) * 1e7 + 1e5, np.arange(0, 50, 3, dtype=np.int32)
    published[6] = np.nan
    shown, promise = RNG.integers(0, 500, 50), RNG.random(len(rows), np.float32)
    newness = np.exp(loops.fading_age(published, rows, NOW, 1e6))
    assert np.array_equal(newness, np.exp(-np.maximum(NOW - published[rows], 0.0) / 1e6), equal_nan=True)
    expected = promise * (1.0 / np.sqrt(1.0 + shown[rows] / 100)) * (0.5 + 0.5 * newness)
    found = loops.optimism(promise, shown, rows, 100, newness)
    assert np.array_equal(found, expected.astype(np.float32), equal_nan=True)


def test_three_voices_each_divided_by_its_largest() -> None:
    also, following, agreed = (np.maximum(RNG.normal(size=40), 0).astype(np.float32) for _ in range(3))
    factors = RNG.normal(size=(40, 4)).astype(np.float32)
    factors[::2] = 0
    origin = np.where(np.arange(40) % 5 == 0, -1, np.arange(40)).astype(np.int32)
    known = (origin >= 0) & (factors.any(axis=1) | (also > 0) | (following > 0))
    total = 0.35 * (also / also.max()) + 0.45 * (following / following.max()) + 0.2 * (agreed / agreed.max())
    shares = np.float32(0.35), np.float32(0.45), np.float32(0.2)
    found = loops.of_three(also, following, agreed, factors, origin, *shares)
    assert np.array_equal(found, np.where(known, total, np.nan).astype(np.float32), equal_nan=True)


@pytest.mark.parametrize("models", [plain(), with_tail()], ids=["plain", "with a tail"])
@pytest.mark.parametrize(("region", "language"), [("IN", "hi"), ("", "hi"), ("IN", ""), ("nowhere", "none")])
def test_popularity_where_the_viewer_is_is_the_mean_of_what_is_known(
    models: Models, region: str, language: str
) -> None:
    rows, manifest = np.arange(models.n, dtype=np.int32)[::-1].copy(), models.snapshot.manifest
    voices = [models.popularity[rows]]
    if region in manifest.regions:
        voices.append(models.popularity_in_region(manifest.regions.index(region), rows))
    if language in manifest.languages:
        voices.append(models.popularity_in_language(manifest.languages.index(language), rows))
    total = voices[0]
    for voice in voices[1:]:
        total = total + voice
    found = local_popularity(models, UserState("u", region, language), rows)
    assert np.array_equal(found, total / np.float32(len(voices)))


@pytest.mark.parametrize("models", [plain(), with_tail()], ids=["plain", "with a tail"])
def test_what_is_left_of_a_trial(models: Models) -> None:
    rows = np.arange(models.n, dtype=np.int32)
    for now in (NOW, NOW - 2e6, NOW + 1e7):
        since = models.orders.since(models.creators[rows])
        new = (now - since < NEW_FOR_SEC) & (models.creator_impressions[rows] < NEW_TRIALS * 100)
        left = np.where(new, np.maximum(1.0 - models.impressions[rows] / 100, 0.0), 0.0).astype(np.float32)
        assert np.array_equal(under_trial(models, Policy(), rows, now), left)


def test_only_rows_without_a_vector_become_unknown() -> None:
    vectors = RNG.normal(size=(6, 3)).astype(np.float32)
    vectors[[1, 4]] = 0
    pull = np.ones(6, np.float32)
    loops.unknown_without(pull, vectors)
    assert np.flatnonzero(np.isnan(pull)).tolist() == [1, 4]
