"""The sequence model: what it learns, and that it is served as it was fitted. Skipped where torch is not installed."""

import numpy as np
import pytest

from reels.core.errors import ModelError
from reels.core.types import Floats
from reels.learning import sequence
from reels.learning.interactions import Histories
from reels.learning.sequence import SequenceConfig, fit_sequence
from reels.recommender import sequence as serving

torch = pytest.importorskip("torch", reason="the sequence model is fitted with torch: make torch")

pytestmark = pytest.mark.torch

SMALL = SequenceConfig(dim=16, length=6, epochs=30, batch=32, negatives=64, dropout=0.0, own_dropped=0.2)


def histories(seed: int = 0, reels: int = 20, viewers: int = 300) -> Histories:
    """Each viewer walks along the circle of reels: after i comes i + 1. Reel `reels` is met by nobody."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 10, viewers)
    starts = rng.integers(0, reels, viewers)
    rows = np.concatenate([(s + np.arange(n)) % reels for s, n in zip(starts, lengths, strict=True)]).astype(np.int32)
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return Histories(indptr, rows, np.ones(len(rows), np.float32), np.arange(len(rows), dtype=np.float64), reels + 1)


def content(reels: int = 20) -> Floats:
    """Places on a circle; the reel nobody met stands next to reel 7."""
    angle = 2 * np.pi * np.append(np.arange(reels), 7.02) / reels
    wide = np.stack([np.cos(k * angle) for k in (1, 2, 3, 5)] + [np.sin(k * angle) for k in (1, 2, 3, 5)], 1)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), np.float32)


def encoded(model: sequence.SequenceModel, history: Floats) -> Floats:
    return serving.encoded(model.positions, model.matrices, model.vectors, history)


@pytest.fixture(scope="module")
def model() -> sequence.SequenceModel:
    return fit_sequence(histories(), content(), SMALL)


def test_learns_which_reel_comes_next(model: sequence.SequenceModel) -> None:
    for newest in range(20):
        walked = [(newest - 2) % 20, (newest - 1) % 20, newest]
        scores = (model.items @ encoded(model, model.items[walked]) + model.bias)[:20]
        assert scores.argmax() == (newest + 1) % 20


def test_a_reel_nobody_met_is_expected_where_its_neighbour_in_content_is(model: sequence.SequenceModel) -> None:
    expected = encoded(model, model.items[[4, 5, 6]])
    scores = model.items @ expected
    assert 20 in np.argsort(-scores)[:3]


def test_serving_in_numpy_equals_torch(model: sequence.SequenceModel) -> None:
    from reels.learning.sequence_fit import encoded as by_torch

    for layers, seed in ((1, 0), (2, 1), (3, 2)):
        rng = np.random.default_rng(seed)
        d = 32
        shapes = {"positions": (6, d), "matrices": (layers, 8, d, d), "vectors": (layers + 1, 11, d)}
        parts = {name: (rng.normal(size=shape) * 0.3).astype(np.float32) for name, shape in shapes.items()}
        weights = {name: torch.from_numpy(part) for name, part in parts.items()}
        for h in (1, 2, 6, 9):
            history = rng.normal(size=(h, d)).astype(np.float32)
            wanted = by_torch(weights, torch.from_numpy(history[-6:])[None])[0, -1].numpy()
            np.testing.assert_allclose(serving.encoded(**parts, history=history), wanted, atol=1e-4)


def test_the_same_seed_gives_the_same_model() -> None:
    few = SequenceConfig(dim=16, length=6, epochs=2, batch=32, negatives=64)
    one, two = (fit_sequence(histories(), content(), few) for _ in range(2))
    for name, array in one.arrays().items():
        np.testing.assert_array_equal(array, two.arrays()[name])


def test_without_any_history_there_is_a_model_of_texts_alone() -> None:
    none = Histories(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0), 21)
    model = fit_sequence(none, content(), SMALL)
    assert model.items.shape == (21, 16)
    assert np.isfinite(model.items).all()


def test_every_reel_but_a_viewers_first_is_asked_for_once() -> None:
    from reels.learning.sequence_fit import _pieces

    indptr = np.array([0, 1, 3, 3, 20], np.int64)
    some = Histories(indptr, np.zeros(20, np.int32), np.ones(20, np.float32), np.zeros(20), 1)
    pieces = _pieces(some, 7)
    asked = np.concatenate([np.arange(first + 1, last) for first, last in pieces])
    assert sorted(asked) == [2, *range(4, 20)]
    assert (pieces[:, 1] - pieces[:, 0]).max() == 7


def test_without_torch_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence, "has_torch", lambda: False)
    with pytest.raises(ModelError, match="make torch"):
        fit_sequence(histories(), content(), SMALL)
