"""Text embedders: meaning, empty texts, spaces; and the content space made from them."""

from functools import cache

import numpy as np
import pytest
from tests.contracts.embedder import EmbedderContract

from reels.core.errors import ConfigError
from reels.core.types import Floats
from reels.learning.embedders import Embedder, HashEmbedder, UseEmbedder, embedder_of
from reels.learning.embeddings import fit_content_space


@cache
def loaded() -> UseEmbedder:
    """Loading the model takes a second: once."""
    return UseEmbedder(threads=1)


class TestUse(EmbedderContract):
    def make(self) -> Embedder:
        return loaded()


class TestHash(EmbedderContract):
    def make(self) -> Embedder:
        return HashEmbedder()


def test_use_knows_meaning_across_words_and_languages() -> None:
    rows = loaded().embed(
        ["cooking a delicious dinner", "recipe for a tasty meal", "cocinar una cena deliciosa", "football goal"]
    )
    assert rows[0] @ rows[1] > rows[0] @ rows[3] + 0.1
    assert rows[0] @ rows[2] > rows[0] @ rows[3] + 0.3


def test_no_two_embedders_share_a_space() -> None:
    assert embedder_of("use").space != embedder_of("hash").space
    with pytest.raises(ConfigError, match="bert"):
        embedder_of("bert")


def rows(n: int, dim: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    made = rng.normal(size=(n, 3)) @ rng.normal(size=(3, dim)) + 0.05 * rng.normal(size=(n, dim)) + 2.0
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def test_the_content_space_is_pca_whatever_the_blocks() -> None:
    raw = rows(300, 20)
    raw[7] = 0
    whole = fit_content_space([raw], 20, 5)
    parts = fit_content_space([raw[:100], raw[100:]], 20, 5)
    np.testing.assert_allclose(whole.projection, parts.projection, atol=1e-4)
    known = raw[raw.any(axis=1)].astype(np.float64)
    _, _, axes = np.linalg.svd(known - known.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(whole.projection[:, :3].T @ axes[:3].T), np.eye(3), atol=1e-3)
    np.testing.assert_allclose(whole.projection.T @ whole.projection, np.eye(5), atol=1e-5)


def test_projected_rows_are_unit_and_zero_stays_zero() -> None:
    raw = rows(50, 12)
    raw[3] = 0
    projected = fit_content_space([raw], 12, 6).project(raw)
    norms = np.linalg.norm(projected, axis=1)
    assert norms[3] == 0
    np.testing.assert_allclose(np.delete(norms, 3), 1, rtol=1e-5)


def test_what_all_texts_share_is_taken_away() -> None:
    raw = rows(200, 12)
    assert (raw @ raw.T).mean() > 0.3
    content = fit_content_space([raw], 12, 6).project(raw)
    assert abs((content @ content.T).mean()) < 0.05


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_a_handful_of_texts_keeps_its_content(n: int) -> None:
    raw = np.repeat(rows(1, 12), n, axis=0)
    space = fit_content_space([raw], 12, 4)
    assert space.projection.shape == (12, 4)
    np.testing.assert_allclose(np.linalg.norm(space.project(raw), axis=1), np.ones(n), rtol=1e-5)
