"""Brushes touch what they should and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reels.media.canvas import Canvas, disc, fill_below, glow, points, ribbon, steps

WHITE = np.ones(3, np.float32)
BLACK = np.zeros(3, np.float32)


def test_a_washed_field_keeps_its_value_and_its_gradient() -> None:
    canvas = Canvas(60, 90)
    low = np.zeros((3, 30, 20), np.float32)
    low[0], low[1] = 0.5, np.linspace(0, 1, 30, dtype=np.float32)[:, None]
    canvas.wash(low)
    assert canvas.pixels[0] == pytest.approx(0.5, abs=1e-3)
    assert (np.diff(canvas.pixels[1, 3:-3, 30]) > 0).all()
    assert canvas.pixels[2].max() == 0


def test_a_dark_gradient_is_dithered_not_banded() -> None:
    canvas = Canvas(64, 96)
    canvas.pixels[:] = np.float32(10.5 / 255)
    levels, counts = np.unique(canvas.to_bytes(), return_counts=True)
    assert levels.tolist() == [10, 11]
    assert counts.min() / counts.sum() == pytest.approx(0.5, abs=0.05)


def test_bytes_are_clipped_not_wrapped() -> None:
    canvas = Canvas(16, 16)
    canvas.pixels[0], canvas.pixels[1] = 7.0, -3.0
    picture = canvas.to_bytes()
    assert picture[0].min() == 255
    assert picture[1].max() == 0


@given(x=st.floats(-200, 260), y=st.floats(-200, 290), radius=st.floats(0.5, 120))
@settings(max_examples=60, deadline=None)
def test_brushes_may_hang_over_every_edge(x: float, y: float, radius: float) -> None:
    canvas = Canvas(60, 90)
    disc(canvas, x, y, radius, WHITE, 0.7, soft=2, rim=0.5)
    glow(canvas, x, y, radius, WHITE, 0.7)
    one = np.array([x]), np.array([y]), np.array([min(radius, 6)]), np.array([0.7])
    points(canvas, *one, WHITE[None])
    ribbon(canvas.pixels, np.full(60, y), np.full(60, 3.0), WHITE, np.full(60, 0.5))
    fill_below(canvas, np.full(60, y), WHITE, BLACK, 20, alpha=0.5)
    assert np.isfinite(canvas.pixels).all()
    assert canvas.pixels.min() >= 0


def test_a_disc_is_light_inside_and_dark_outside() -> None:
    canvas = Canvas(60, 90)
    disc(canvas, 30, 45, 10, WHITE, 1.0)
    assert canvas.pixels[0, 45, 30] == pytest.approx(1)
    assert canvas.pixels[0, 45, 45] == 0


def test_a_point_between_pixels_is_shared_by_them() -> None:
    canvas = Canvas(20, 20)
    points(canvas, np.array([10.0]), np.array([10.5]), np.array([1.0]), np.array([0.8]), WHITE[None])
    assert canvas.pixels[0, 10, 9] == pytest.approx(canvas.pixels[0, 10, 10])


def test_filling_below_leaves_what_is_above() -> None:
    canvas = Canvas(30, 60)
    fill_below(canvas, np.full(30, 30.5, np.float32), WHITE, WHITE, 10)
    column = canvas.pixels[0, :, 7]
    assert column[:30].max() == 0
    assert column[30] == pytest.approx(0.5)
    assert column[31:].min() == 1


def test_the_steps_of_a_loop_never_reach_its_start_again() -> None:
    assert list(steps(4)) == [0, 0.25, 0.5, 0.75]
