"""What holds for every motif: it covers the canvas, moves, closes its loop, and depends on nothing but its scene."""

import numpy as np
import pytest

from reels.media.canvas import Canvas
from reels.media.looks import TOPICS
from reels.media.motifs import MOTIFS
from reels.media.scene import Painter, Scene


def painter(name: str, seed: int = 3, width: int = 90, height: int = 160) -> tuple[Canvas, Painter]:
    canvas = Canvas(width, height)
    canvas.pixels[:] = np.nan  # what is left of it was not painted
    colours = next(topic.palettes[0] for topic in TOPICS.values() if name in topic.motifs)
    return canvas, MOTIFS[name](Scene(canvas, colours, np.random.default_rng(seed)))


def picture(name: str, phase: float, seed: int = 3) -> np.ndarray:
    canvas, paint = painter(name, seed)
    paint(phase)
    return canvas.pixels.copy()


@pytest.mark.parametrize("name", MOTIFS)
def test_it_paints_every_pixel(name: str) -> None:
    pixels = picture(name, 0.37)
    assert np.isfinite(pixels).all()
    assert pixels.min() > -0.05


@pytest.mark.parametrize("name", MOTIFS)
def test_its_end_is_its_beginning(name: str) -> None:
    canvas, paint = painter(name)
    paint(0.0)
    first = canvas.to_bytes().astype(int)
    paint(1.0)
    assert np.abs(canvas.to_bytes() - first).mean() < 0.05


@pytest.mark.parametrize("name", MOTIFS)
def test_it_moves_without_jumps(name: str) -> None:
    canvas, paint = painter(name)
    frames = []
    for phase in np.arange(0, 1, 1 / 96):
        paint(float(phase))
        frames.append(canvas.to_bytes().astype(int))
    step = np.array([np.abs(one - other).mean() for one, other in zip(frames, frames[1:] + frames[:1], strict=True)])
    assert step.mean() > 0.05, "it stands still"
    assert step.max() < 4 * step.mean() + 0.5, f"it jumps at frame {step.argmax()}"


@pytest.mark.parametrize("name", MOTIFS)
def test_a_frame_does_not_depend_on_the_frames_before(name: str) -> None:
    canvas, paint = painter(name)
    for phase in (0.8, 0.1, 0.37):
        paint(phase)
    assert np.array_equal(canvas.pixels, picture(name, 0.37))


@pytest.mark.parametrize("name", MOTIFS)
def test_another_seed_is_another_picture(name: str) -> None:
    assert np.abs(picture(name, 0.2) - picture(name, 0.2, seed=4)).mean() > 0.002


@pytest.mark.parametrize("name", MOTIFS)
def test_it_has_light_and_dark(name: str) -> None:
    brightness = picture(name, 0.5).mean(axis=0)
    low, high = np.percentile(brightness, [2, 98])
    assert high - low > 0.1
