"""The sequence model: what it learns, and that it is served as it was fitted. Skipped where torch is not installed."""

from dataclasses import replace

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

SMALL = SequenceConfig(
    dim=16, length=6, epochs=30, places=150, negatives=64, learning_rate=5e-3, dropout=0.0, own_dropped=0.2
)


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

    for towers, layers, seed in ((1, 1, 0), (2, 1, 1), (3, 2, 2)):
        rng = np.random.default_rng(seed)
        d = 16
        shapes = {"positions": (6, d), "matrices": (layers, 8, d, d), "vectors": (layers + 1, 11, d)}
        shapes = {name: (towers, *shape) for name, shape in shapes.items()}
        parts = {name: (rng.normal(size=shape) * 0.3).astype(np.float32) for name, shape in shapes.items()}
        weights = [{name: torch.from_numpy(part[tower]) for name, part in parts.items()} for tower in range(towers)]
        for h in (1, 2, 6, 9):
            history = rng.normal(size=(h, towers * d)).astype(np.float32)
            read = torch.from_numpy(history[-6:])[None].split(d, 2)
            wanted = [by_torch(*each)[0, -1].numpy() / towers for each in zip(weights, read, strict=True)]
            np.testing.assert_allclose(serving.encoded(**parts, history=history), np.concatenate(wanted), atol=1e-4)


def test_the_same_seed_gives_the_same_model() -> None:
    few = SequenceConfig(dim=16, length=6, epochs=2, places=100, negatives=64)
    one, two = (fit_sequence(histories(), content(), few) for _ in range(2))
    for name, array in one.arrays().items():
        np.testing.assert_array_equal(array, two.arrays()[name])


def test_towers_are_the_models_of_single_ones_side_by_side_on_any_number_of_threads() -> None:
    one = SequenceConfig(dim=16, length=6, epochs=2, places=100, negatives=64, towers=1)
    first, second = (fit_sequence(histories(), content(), replace(one, seed=seed)) for seed in (2, 3))
    both = fit_sequence(histories(), content(), replace(one, towers=2, seed=1), threads=2)
    np.testing.assert_array_equal(both.items[:20], np.concatenate([first.items, second.items], 1)[:20])
    np.testing.assert_array_equal(both.matrices, np.concatenate([first.matrices, second.matrices]))
    history = both.items[[4, 5, 6]]
    scores = [one.items @ encoded(one, one.items[[4, 5, 6]]) + one.bias for one in (first, second)]
    np.testing.assert_allclose(both.items @ encoded(both, history) + both.bias, np.mean(scores, 0), atol=1e-4)


def test_without_any_history_there_is_a_model_of_texts_alone() -> None:
    none = Histories(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0), 21)
    model = fit_sequence(none, content(), SMALL)
    assert model.items.shape == (21, 2 * 16)
    assert np.isfinite(model.items).all()


def test_every_reel_but_a_viewers_first_is_asked_for_once() -> None:
    from reels.learning.sequence_fit import _pieces

    indptr = np.array([0, 1, 3, 3, 20], np.int64)
    some = Histories(indptr, np.zeros(20, np.int32), np.ones(20, np.float32), np.zeros(20), 1)
    pieces = _pieces(some, 7)
    asked = np.concatenate([np.arange(first + 1, last) for first, last in pieces])
    assert sorted(asked) == [2, *range(4, 20)]
    assert (pieces[:, 1] - pieces[:, 0]).max() == 7


def test_every_history_is_in_one_step_of_an_epoch_and_steps_hold_so_many_places() -> None:
    from reels.learning.sequence_fit import _batches, _pieces

    pieces = _pieces(histories(), 7)
    found = _batches(pieces, 60, np.random.default_rng(0))
    assert sorted(map(tuple, np.concatenate(found))) == sorted(map(tuple, pieces))
    sizes = [len(one) * int((one[:, 1] - one[:, 0]).max() - 1) for one in found]
    assert max(sizes) <= 60
    assert np.mean(sizes) > 40, "like lengths together: hardly any padding, hardly any small step"


def test_the_sampled_loss_and_its_gradients_are_those_of_the_formula() -> None:
    from reels.learning.sequence_fit import SampledSoftmax

    chance = torch.Generator().manual_seed(0)
    shapes = ((250, 8), (40, 8), (40,), (250,))
    inputs = [torch.randn(*shape, generator=chance, requires_grad=True) for shape in shapes]
    sampled = torch.rand(250, generator=chance) < 0.3
    found, table, bias, right = inputs
    among = torch.logsumexp(found @ table.T + bias, 1)
    whole = torch.where(sampled, among, torch.logaddexp(among, right))
    plain = (whole - right).mean()
    made = SampledSoftmax.apply(found, table, bias, right, sampled)
    torch.testing.assert_close(made, plain)
    for one, two in zip(torch.autograd.grad(made, inputs), torch.autograd.grad(plain, inputs), strict=True):
        torch.testing.assert_close(one, two)


def test_as_many_reels_are_sampled_as_asked_for_and_never_one_nobody_met() -> None:
    from reels.learning.sequence_fit import _inclusion

    counts = np.array([0, 1, 2, 5, 50, 500] * 20)
    chances = _inclusion(counts, SequenceConfig(negatives=30)).numpy()
    assert chances.sum() == pytest.approx(30, rel=1e-3)
    assert (chances[counts == 0] == 0).all()
    assert (np.diff(chances[:6]) > 0).all()


def test_without_torch_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence, "has_torch", lambda: False)
    with pytest.raises(ModelError, match="make torch"):
        fit_sequence(histories(), content(), SMALL)
