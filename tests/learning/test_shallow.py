"""The shallow sequence model: what it learns, that its gradients are right, and what a reel nobody met gets."""

import numpy as np
import pytest

from reels.core.types import Floats
from reels.learning.interactions import Histories
from reels.learning.shallow import ShallowConfig, ShallowModel, fit_shallow
from reels.learning.shallow_fit import Fit
from reels.recommender.shallow import led_to

SMALL = ShallowConfig(dim=16, length=4, epochs=60, batch=64, negatives=64, learning_rate=1e-2, dropout=0.0)


def histories(seed: int = 0, reels: int = 20, viewers: int = 300) -> Histories:
    """Each viewer walks along the circle of reels: after i comes i + 1. Reel `reels` is met by nobody."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 8, viewers)
    starts = rng.integers(0, reels, viewers)
    rows = np.concatenate([(s + np.arange(n)) % reels for s, n in zip(starts, lengths, strict=True)]).astype(np.int32)
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return Histories(indptr, rows, np.ones(len(rows), np.float32), np.arange(len(rows), dtype=np.float64), reels + 1)


def content(reels: int = 20) -> Floats:
    """Places on a circle; the reel nobody met stands next to reel 7."""
    angle = 2 * np.pi * np.append(np.arange(reels), 7.02) / reels
    wide = np.stack([np.cos(k * angle) for k in (1, 2, 3, 5)] + [np.sin(k * angle) for k in (1, 2, 3, 5)], 1)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def model() -> ShallowModel:
    return fit_shallow(histories(), content(), SMALL)


def test_learns_which_reel_comes_next(model: ShallowModel) -> None:
    for newest in range(20):
        walked = [newest, (newest - 1) % 20, (newest - 2) % 20]
        scores = model.items @ led_to(model.items[walked], model.fades, model.matrices) + model.bias
        scores[[*walked, 20]] = -np.inf
        assert scores.argmax() == (newest + 1) % 20


def test_a_reel_nobody_met_is_expected_where_its_neighbour_in_content_is(model: ShallowModel) -> None:
    agreed = model.items @ led_to(model.items[[6, 5, 4]], model.fades, model.matrices)
    assert 20 in np.argsort(-agreed)[:4]
    assert model.bias[20] == model.unmet[0]
    np.testing.assert_allclose(model.items[20], content()[20] @ model.text, atol=1e-6)


def test_gradients_are_those_of_the_loss() -> None:
    fit = Fit(histories(), content(), SMALL)
    _, _, places = next(fit.steps())
    batch = fit._batch(places[:7])
    rng = np.random.default_rng(1)
    wanted = rng.normal(size=(7, 16)).astype(np.float32)
    vectors = rng.normal(size=(len(batch.rows), 16)).astype(np.float32)
    by_wanted, by_vectors, by_bias = fit._softmax(batch, wanted, vectors)

    def loss() -> float:
        bias = (fit.bias - fit._expected)[batch.rows].astype(np.float64)
        total = 0.0
        for b, answer in enumerate(batch.answers.tolist()):
            others = batch.negatives[batch.negatives != answer]
            mine = float(wanted[b].astype(np.float64) @ vectors[answer] + bias[answer])
            scores = vectors[others].astype(np.float64) @ wanted[b] + bias[others]
            total += float(batch.weights[b]) * (np.logaddexp.reduce([mine, *scores]) - mine)
        return total

    for array, gradient in ((wanted, by_wanted), (vectors, by_vectors)):
        for at in [(0, 0), (2, 5), (6, 15)]:
            array[at] += 1e-2
            more = loss()
            array[at] -= 2e-2
            less = loss()
            array[at] += 1e-2
            assert gradient[at] == pytest.approx((more - less) / 2e-2, abs=2e-4)
    for place in (0, int(batch.answers[0])):
        fit.bias[batch.rows[place]] += 1e-2
        more = loss()
        fit.bias[batch.rows[place]] -= 2e-2
        less = loss()
        fit.bias[batch.rows[place]] += 1e-2
        assert by_bias[place] == pytest.approx((more - less) / 2e-2, abs=2e-4)


def test_the_same_seed_gives_the_same_model() -> None:
    one, two = (fit_shallow(histories(), content(), ShallowConfig(dim=8, epochs=2, seed=3)) for _ in range(2))
    for name, array in one.arrays().items():
        np.testing.assert_array_equal(array, two.arrays()[name])


def test_nothing_to_learn_from_leaves_the_texts() -> None:
    none = Histories(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0), 21)
    made = fit_shallow(none, content(), SMALL)
    np.testing.assert_allclose(made.items, content() @ made.text, atol=1e-6)
    assert not made.bias.any()
