"""Stars: a slow flight through a nebula."""

import numpy as np

from reels.media.canvas import glow, points
from reels.media.colour import vivid
from reels.media.scene import TURN, Painter, Scene, lit


def stars(scene: Scene) -> Painter:
    """Stars coming slowly towards the viewer in front of breathing clouds of gas."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    cloud, mass, veil = scene.swell(5, 0.9), scene.fractal(1.7), scene.fractal(1.5)
    band = np.exp(-((((scene.low_x - 0.5) * rng.uniform(-1, 1) + (scene.low_y - 0.5)) / 0.34) ** 2)).astype(np.float32)
    ground, mist = palette.ramp(), vivid(palette.accent(0), 0.16)
    middle = rng.uniform(0.35, 0.65, 2)
    count = 260
    angle, away, far = rng.uniform(0, TURN, count), np.sqrt(rng.uniform(0.002, 1, count)), rng.uniform(0, 1, count)
    size, twinkle = rng.uniform(0.8, 1.7, count) * scene.unit, rng.uniform(0, TURN, count)
    colours = np.clip(0.55 + 0.45 * np.stack(scene.some_accents(count)), 0, 1)
    big_x, big_y = rng.uniform(0.08, 0.92, 7), rng.uniform(0.05, 0.95, 7)
    big_colour = scene.some_accents(7)

    def paint(phase: float) -> None:
        breath = cloud(phase)
        gas = np.clip(0.34 + 0.2 * mass + 0.30 * band + 0.08 * breath, 0, 1)
        shade = np.clip(0.05 + 0.8 * gas**1.8, 0, 0.8)
        picture = scene.coloured(shade, ground)
        glowing = np.clip(0.3 + 0.3 * veil + 0.12 * breath, 0, 1) ** 1.8
        canvas.wash(lit(picture, 0.9 * glowing * gas, mist))
        near = (far + phase) % 1.0
        spread = away * (0.25 + 0.95 * near**1.6) * scene.height
        x, y = middle[0] * scene.width + np.cos(angle) * spread, middle[1] * scene.height + np.sin(angle) * spread
        fade = np.minimum(1, 4 * near) * np.minimum(1, 5 * (1 - near))
        bright = fade * (0.75 + 0.25 * np.sin(TURN * phase * 2 + twinkle))
        radius = size * (0.7 + 0.9 * near)
        points(canvas, x, y, radius, bright, colours)
        for i in range(7):
            strength = 0.5 + 0.3 * np.sin(TURN * phase + twinkle[i])
            at = (big_x[i] * scene.width, big_y[i] * scene.height)
            glow(canvas, *at, 15 * scene.unit, big_colour[i], 0.45 * strength)
            glow(canvas, *at, 3.2 * scene.unit, palette.high, strength)

    return paint
