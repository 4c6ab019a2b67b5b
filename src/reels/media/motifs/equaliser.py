"""Equaliser: bars of light moving to a beat nobody hears, and rings going out from it."""

import numpy as np

from reels.media.canvas import Field, rotated
from reels.media.colour import ramp
from reels.media.scene import TURN, Painter, Scene, lit

BARS = 19


def equaliser(scene: Scene) -> Painter:
    """Round-ended bars around the middle line, each the sum of a few beats a loop."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    ground = scene.vertical(palette.deep, palette.low, palette.deep)
    colours = ramp((palette.accent(0), palette.high, palette.accent(1)), BARS)
    beats, start = rng.integers(2, 7, (BARS, 3)), rng.uniform(0, TURN, (BARS, 3))
    middle, shape = rng.uniform(0.44, 0.52), np.exp(-(((np.arange(BARS) - (BARS - 1) / 2) / (0.36 * BARS)) ** 2))
    pitch = scene.width / (BARS + 2)
    aspect = scene.height / scene.width
    away = np.sqrt(
        (scene.low_x - np.float32(0.5)) ** 2 + ((scene.low_y - np.float32(middle)) * np.float32(aspect)) ** 2
    )

    def rings(phase: float) -> Field:
        wave = np.zeros_like(away)
        for k in range(3):
            reach = ((phase * 2 + k / 3) % 1.0) if k < 3 else 0.0
            fade = np.sin(np.pi * reach) ** 1.2
            wave += fade * np.exp(-(((away - 1.15 * reach) / 0.035) ** 2))
        return np.asarray(wave, np.float32)

    def paint(phase: float) -> None:
        pulse = 0.5 + 0.5 * np.cos(TURN * 4 * phase)
        picture = lit(ground, (0.42 + 0.12 * pulse) * scene.spot(0.5, middle, 0.55), palette.mid)
        picture = lit(picture, 0.22 * rings(phase), palette.accent(2))
        canvas.wash(picture)
        level = 0.42 + 0.19 * np.sin(TURN * phase * beats + start).sum(axis=1)
        tall = (0.02 + 0.21 * np.clip(level, 0.03, 1.1) * (0.35 + 0.65 * shape)) * scene.height
        for i in range(BARS):
            _bar(scene, (i + 1.5) * pitch, middle * scene.height, 0.3 * pitch, float(tall[i]), colours[i])

    return paint


def _bar(scene: Scene, x: float, y: float, half: float, tall: float, colour: np.ndarray) -> None:
    """One upright round-ended bar with a glow around it."""
    window = scene.canvas.window(x, y, tall + 6 * half)
    if window is None:
        return
    left, top, dx, dy = window
    near = np.abs(dx) < 5 * half
    first = int(np.argmax(near))
    cut = (left + first, top, dx[near], dy)
    across, along = rotated(cut, 0.0)
    away = np.sqrt(across**2 + np.maximum(np.abs(along) - tall + half, 0) ** 2)
    light = 0.34 * np.exp(-((np.maximum(away - half, 0) / (2.0 * half)) ** 2)) + 0.62 * np.clip(half - away + 0.5, 0, 1)
    scene.canvas.light(
        cut[0], top, np.clip(light * (0.7 + 0.3 * np.abs(along) / max(tall, 1)), 0, 1).astype(np.float32), colour
    )
