"""Ripples: drops falling on still water."""

import numpy as np

from reels.media.scene import Painter, Scene, lit

DROPS = 7


def ripples(scene: Scene) -> Painter:
    """Rings widening from one drop after another, the sky reflected in their slopes."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    aspect = np.float32(scene.height / scene.width)
    water, calm = palette.ramp(), scene.swell(5, 1.3)
    drop = np.stack([rng.uniform(0.12, 0.88, DROPS), (np.arange(DROPS) + rng.uniform(0.2, 0.8, DROPS)) / DROPS], -1)
    when = (np.arange(DROPS) / DROPS + rng.uniform(-0.06, 0.06, DROPS))[rng.permutation(DROPS)]
    light = rng.uniform(0.3, 0.7)
    across, down = scene.low_x, scene.low_y * aspect * np.float32(1.15)
    away = [np.hypot(across - np.float32(x), down - np.float32(y) * aspect * np.float32(1.15)) for x, y in drop]

    def paint(phase: float) -> None:
        height = 0.05 * calm(phase)
        for i in range(DROPS):
            age = (phase - when[i]) % 1.0
            front = 0.95 * age
            inside = np.exp(-(((away[i] - front) / (0.05 + 0.12 * age)) ** 2))
            height = height + np.sin((away[i] - front) * 62) * inside * (1 - age) ** 1.5 * min(1.0, 12 * age) * 0.5
        slope_y, slope_x = np.gradient(height.astype(np.float32), np.float32(1 / 60))
        shade = 0.30 + 0.20 * (1 - scene.low_y) + 0.042 * slope_y + 0.024 * slope_x + 0.09 * calm(phase)
        picture = scene.coloured(shade, water)
        picture = lit(picture, 0.45 * scene.spot(light, 0.12, 0.6), palette.accent(0))
        glint = np.clip(0.055 * (slope_y * 0.9 + slope_x * 0.5) - 0.12, 0, 0.75)
        canvas.wash(lit(picture, glint * (0.35 + 0.65 * scene.spot(light, 0.3, 0.9)), palette.high))

    return paint
