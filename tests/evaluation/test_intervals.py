import numpy as np
import pytest

from reels.evaluation import metrics
from reels.evaluation.intervals import auc_estimate, estimates


def test_the_interval_is_that_of_the_normal_theory_for_many_viewers() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, (2000, 1))
    (found,) = estimates(values, resamples=2000)
    assert found.mean == pytest.approx(values.mean())
    assert found.error == pytest.approx(values.std() / np.sqrt(2000), rel=0.1)
    assert found.low == pytest.approx(found.mean - 1.96 * found.error, abs=0.3 * found.error)
    assert found.high == pytest.approx(found.mean + 1.96 * found.error, abs=0.3 * found.error)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    samples = rng.exponential(1.0, (200, 150))
    inside = [e.low <= 1.0 <= e.high for e in estimates(samples.T, resamples=300)]
    assert 0.87 <= np.mean(inside) <= 0.99


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    values = np.random.default_rng(3).random((50, 2))
    assert estimates(values, seed=4) == estimates(values, seed=4)
    assert estimates(values, seed=4) != estimates(values, seed=5)


def test_viewers_without_a_value_do_not_count() -> None:
    values = np.array([[1.0], [np.nan], [3.0]])
    (found,) = estimates(values)
    assert (found.mean, found.viewers) == (2.0, 2)
    (nothing,) = estimates(np.full((3, 1), np.nan))
    assert np.isnan([nothing.mean, nothing.low, nothing.high]).all()
    (nobody,) = estimates(np.empty((0, 1)))
    assert nobody.viewers == 0


def test_weights_are_of_viewers() -> None:
    (found,) = estimates(np.array([[0.0], [1.0]]), weights=np.array([1.0, 3.0]))
    assert found.mean == 0.75


def test_auc_is_metrics_auc_and_its_interval_is_over_viewers() -> None:
    rng = np.random.default_rng(0)
    owners = np.repeat(np.arange(100), 8)
    labels = rng.random(800) < 0.4
    scores = np.round(labels * 0.5 + rng.normal(size=800), 1)
    found = auc_estimate(labels, scores, owners, 100, resamples=200)
    assert found.mean == pytest.approx(metrics.auc(labels, scores))
    assert found.low < found.mean < found.high
    assert 0.01 < found.error < 0.05


def test_auc_of_one_label_is_not_a_number() -> None:
    assert np.isnan(auc_estimate(np.ones(4, bool), np.arange(4.0), np.arange(4), 4, resamples=5).mean)
