"""Frozen features: what they count, and that nothing of what is judged gets into them."""

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.tiny import HOUR, NOW, catalogue, log

from reels.evaluation.baselines.exposures.features import CLOCK_SEC, EIGHT, NAMES, freeze, shelf_of
from reels.evaluation.log import Catalogue, Log

NO = False


def made() -> tuple[Catalogue, Log]:
    reels = catalogue(4, creators=2)
    return reels, log([["1", ("2", NO), "3"], ["1", "3"], [("4", NO)]], reels)


def column(features: np.ndarray, name: str) -> np.ndarray:
    return features[:, NAMES.index(name)]


def features_of(reels: Catalogue, state: Log, exposures: Log) -> np.ndarray:
    return freeze(state, shelf_of(reels)).features(state, exposures)


def test_there_are_thirty_seven_and_the_eight_are_among_them() -> None:
    assert len(NAMES) == len(set(NAMES)) == 37
    assert set(EIGHT) <= set(NAMES)
    reels, state = made()
    assert features_of(reels, state, state).shape == (len(state), 37)


def test_rates_are_smoothed_towards_the_mean_and_counts_are_logs() -> None:
    reels, state = made()
    found = features_of(reels, state, log([["2"], ["4"], ["1"]], reels))
    mean = 4 / 6
    viewer = np.array([(2 + 5 * mean) / 8, (2 + 5 * mean) / 7, (0 + 5 * mean) / 6])
    assert column(found, "viewer rate") == pytest.approx(np.log(viewer / (1 - viewer)), abs=1e-5)
    assert column(found, "viewer count") == pytest.approx(np.log1p([3, 2, 1]))
    assert column(found, "reel count") == pytest.approx(np.log1p([1, 1, 2]))
    reel = (2 + 10 * mean) / 12
    assert column(found, "reel rate")[2] == pytest.approx(np.log(reel / (1 - reel)), abs=1e-5)


def test_history_speaks_by_who_liked_both_and_by_the_last_answers() -> None:
    reels, state = made()
    found = features_of(reels, state, log([["4"], ["1"], ["3"]], reels))
    assert column(found, "r1").tolist() == [1.0, 1.0, 0.0]
    assert column(found, "r20")[0] == pytest.approx(2 / 3)
    assert column(found, "liked").tolist() == [2, 2, 0]
    assert column(found, "knn")[1] == pytest.approx(2 / 12)  # 1 and 3 were liked by the same two of two: 2 / (2 + 10)
    assert column(found, "knn")[0] == 0.0


def test_what_is_judged_is_not_counted() -> None:
    reels, state = made()
    shown = log([["4", "2"], ["2", "4"], ["1", "3"]], reels, first=NOW + 10 * HOUR)
    found = features_of(reels, state, shown)
    other = features_of(reels, state, replace(shown, positive=~shown.positive))
    assert np.array_equal(found, other)


def test_the_hour_is_that_of_the_viewers_clock_and_the_surface_is_the_exposures() -> None:
    reels, state = made()
    shown = log([["4"], ["2"], ["1"]], reels, first=20 * HOUR - CLOCK_SEC + 86_400 * 10)
    shown = replace(shown, surface=np.array([3, 1, 0], np.int16))
    found = features_of(reels, state, shown)
    assert column(found, "hour").tolist() == [20, 20, 20]
    assert column(found, "surface").tolist() == [3, 1, 0]


def test_the_recent_rate_is_of_exposures_whose_surface_is_known() -> None:
    reels, state = made()
    shown = log([["1"], [], []], reels)
    assert column(features_of(reels, state, shown), "recent count")[0] == 0.0
    named = replace(state, surface=np.ones(len(state), np.int16))
    assert column(features_of(reels, named, shown), "recent count")[0] == pytest.approx(np.log1p(1.98))
