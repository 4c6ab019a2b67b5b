"""What every `Embedder` does. Inherit, and give `make`."""

import numpy as np

from reels.learning.embedders import Embedder
from reels.learning.preprocessing import CLEANING_VERSION

TEXTS = ["funny cat video", "", "street food in delhi", "猫の動画", "x", "قطة مضحكة"]


class EmbedderContract:
    def make(self) -> Embedder:
        """One that is ready; it may be the same for every test."""
        raise NotImplementedError

    def test_rows_are_unit_and_zero_where_there_is_no_text(self) -> None:
        embedder = self.make()
        rows = embedder.embed(TEXTS)
        assert rows.shape == (len(TEXTS), embedder.dim)
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1, 0, 1, 1, 1, 1], rtol=1e-4)

    def test_a_text_has_one_vector_whatever_its_neighbours(self) -> None:
        embedder = self.make()
        rows = embedder.embed(TEXTS)
        np.testing.assert_array_equal(rows, embedder.embed(TEXTS))
        np.testing.assert_allclose(embedder.embed(TEXTS[::-1])[::-1], rows, atol=1e-5)
        for text, row in zip(TEXTS, rows, strict=True):
            np.testing.assert_allclose(embedder.embed([text])[0], row, atol=1e-5)

    def test_no_texts_no_rows(self) -> None:
        embedder = self.make()
        assert embedder.embed([]).shape == (0, embedder.dim)
        assert not embedder.embed(["", ""]).any()

    def test_alike_titles_are_nearer(self) -> None:
        rows = self.make().embed(
            ["funny cat plays piano", "a funny cat playing the piano", "quarterly tax advice for farmers"]
        )
        assert rows[0] @ rows[1] > 0.3 + rows[0] @ rows[2]

    def test_the_space_names_the_cleaning(self) -> None:
        embedder = self.make()
        assert embedder.space.endswith(f"-c{CLEANING_VERSION}")
        assert embedder.space == self.make().space
