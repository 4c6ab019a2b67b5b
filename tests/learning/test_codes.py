"""Rows as 8-bit codes: as long as they were, nearly as they were, and read the same way by every road."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reels.core.types import Floats
from reels.learning import codes as module
from reels.learning.codes import Codes


def some_rows(n: int, d: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-6, 6, (n, 1))
    rows[rng.random(n) < 0.2] = 0.0
    return np.asarray(rows, np.float32)


@settings(max_examples=50, deadline=None, database=None)
@given(n=st.integers(0, 30), d=st.integers(1, 70), seed=st.integers(0, 1000))
def test_a_row_keeps_its_length_and_each_number_nearly_its_value(n: int, d: int, seed: int) -> None:
    rows = some_rows(n, d, seed)
    coded = Codes.of(rows)
    assert coded.shape == rows.shape
    assert len(coded) == n
    back = coded.floats()
    np.testing.assert_allclose(np.linalg.norm(back, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-5)
    largest = np.abs(rows).max(axis=1, initial=0.0, keepdims=True)
    assert (np.abs(back - rows) <= largest * (0.5 / 127 + 0.01)).all()
    np.testing.assert_array_equal(coded.known(), rows.any(axis=1))


def test_every_way_of_reading_says_the_same() -> None:
    rows = some_rows(300, 24, 1)
    coded = Codes.of(rows)
    whole = coded.floats()
    picked = np.array([5, 299, 5, 0], np.int32)
    for wanted in (picked, picked.astype(np.int64)):
        np.testing.assert_allclose(coded.take(wanted), whole[picked], rtol=1e-6)
    np.testing.assert_array_equal(coded[picked], whole[picked])
    np.testing.assert_array_equal(coded[7], whole[7])
    np.testing.assert_array_equal(coded[10:20], whole[10:20])
    unit = Codes.of(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
    vector = np.random.default_rng(2).normal(size=24).astype(np.float32)
    np.testing.assert_allclose(unit.product(vector), unit.floats() @ vector, atol=1e-5)


def test_many_rows_are_coded_and_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = some_rows(50, 8, 3)
    whole = Codes.of(rows)
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    parts = Codes.of(rows)
    np.testing.assert_array_equal(parts.codes, whole.codes)
    np.testing.assert_array_equal(parts.scales, whole.scales)
    starts, blocks = zip(*parts.blocks(), strict=True)
    assert starts == tuple(range(0, 50, 7))
    np.testing.assert_array_equal(np.concatenate(blocks), whole.floats())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_shows_in_the_scale_of_its_row_alone(bad: float) -> None:
    rows = np.ones((3, 4), np.float32)
    rows[1, 2] = bad
    coded = Codes.of(rows)
    assert np.isfinite(coded.scales).tolist() == [True, False, True]
    assert not coded.codes[1].any()
