"""The linear half: standardised within a request, fitted by the likelihood of the answers."""

import numpy as np
import pytest

from reels.learning.linear_ranker import COLUMNS, fit_linear, standardised, weighted
from reels.recommender.ranker.features.standard import NAMES


def test_its_columns_are_features() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert set(COLUMNS) <= set(NAMES)


def test_columns_are_standardised_within_their_request_and_what_is_not_known_is_average() -> None:
    table = np.array([[1, 5], [2, 5], [3, np.nan], [10, np.nan], [30, np.nan]], np.float32)
    found = standardised(table, np.array([0, 3, 5]))
    wide = np.sqrt(1.5)
    np.testing.assert_allclose(found[:, 0], [-wide, 0, wide, -1, 1], rtol=1e-6)
    assert not found[:, 1].any()


def test_weights_are_those_that_made_the_answers() -> None:
    rng = np.random.default_rng(0)
    truth, requests, size = np.array([1.5, -0.7, 0.0]), 4000, 20
    table = standardised(rng.normal(size=(requests * size, 3)).astype(np.float32), np.arange(requests + 1) * size)
    odds = np.exp(table @ truth).reshape(requests, size)
    chosen = (odds.cumsum(1) / odds.sum(1, keepdims=True) < rng.random((requests, 1))).sum(1)
    labels = np.zeros(requests * size, np.uint8)
    labels[np.arange(requests) * size + chosen] = 1
    found = fit_linear(table, labels, np.arange(requests + 1) * size)
    np.testing.assert_allclose(found, truth, atol=0.08)
    np.testing.assert_allclose(weighted(table, found), table @ found, rtol=1e-4, atol=1e-4)


def test_nothing_to_weigh_is_no_weights() -> None:
    assert not len(fit_linear(np.empty((4, 0), np.float32), np.ones(4, np.uint8), np.array([0, 4])))
    assert weighted(np.empty((4, 0), np.float32), np.empty(0, np.float32)).tolist() == [0.0] * 4
    assert fit_linear(
        np.zeros((4, 1), np.float32), np.array([1, 0, 0, 0], np.uint8), np.array([0, 4])
    ) == pytest.approx(0)
