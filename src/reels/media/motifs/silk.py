"""Silk: folds of cloth moving in soft light."""

import numpy as np

from reels.media.scene import TURN, Painter, Scene, lit


def silk(scene: Scene) -> Painter:
    """A cloth whose folds roll slowly, shaded and with a sheen along each fold."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    start, lean = rng.uniform(0, TURN, 6).astype(np.float32), rng.uniform(0.5, 1.0) * rng.choice([-1, 1])
    aspect = np.float32(scene.height / scene.width)
    x, y = scene.low_x, scene.low_y * aspect
    cloth = palette.ramp()
    tint = scene.swell(3, 0.5)

    def paint(phase: float) -> None:
        turn = np.float32(TURN * phase)
        bend = 0.22 * np.sin(4.1 * y + start[0] + turn) + 0.16 * np.sin(3.3 * x - 2.2 * y + start[1] - turn)
        fold = x * 0.9 + lean * y * 0.62 + bend
        crease = np.sin(TURN * fold * 2.3 + start[3] + 1.5 * np.sin(2 * y + turn))
        height = np.sin(TURN * fold * 1.15 + start[2]) + 0.42 * crease
        slope_y, slope_x = np.gradient(height, np.float32(0.02))
        steep = np.sqrt(1 + 0.05 * (slope_x**2 + slope_y**2))
        facing = np.clip((0.75 + 0.16 * slope_x - 0.12 * slope_y) / steep, 0, 1.3)
        shade = 0.16 + 0.5 * facing + 0.09 * height + 0.07 * tint(phase)
        picture = scene.coloured(shade, cloth)
        picture = lit(picture, np.clip(0.4 * tint(phase), 0, 0.4) * facing, palette.accent(0))
        sheen = np.clip(facing - 0.62, 0, 1) ** 2 * 2.2
        canvas.wash(lit(picture, np.clip(sheen, 0, 0.55), palette.high))

    return paint
