"""Caustics: sunlight through water, with bubbles going up."""

import numpy as np

from reels.media.canvas import disc
from reels.media.scene import TURN, Painter, Scene, lit

_FAR = 1.25
"""How hard the octaves of the net pull at each other."""


def caustics(scene: Scene) -> Painter:
    """The net of light that moving water throws, shafts from above, bubbles rising."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    aspect = scene.height / scene.width
    ground = scene.vertical(palette.high, palette.mid, palette.low, palette.deep)
    x0 = (scene.low_x * TURN + 0 * scene.low_y).astype(np.float32)
    y0 = (scene.low_y * aspect * TURN + 0 * scene.low_x).astype(np.float32)
    start = rng.uniform(0, TURN, 8).astype(np.float32)
    fade = (0.25 + 0.75 * np.exp(-((scene.low_y / 0.75) ** 2))).astype(np.float32)
    lean = rng.uniform(-0.35, 0.35)
    count = int(rng.integers(12, 20))
    bubble_x, bubble_y = rng.uniform(0.03, 0.97, count), rng.uniform(0, 1, count)
    bubble_r, bubble_s = rng.uniform(4, 17, count) * scene.unit, rng.uniform(0, TURN, count)

    def net(turn: float) -> np.ndarray:
        """After joltz0r and D. Hoskins, "Tileable water caustic" (2013); each octave makes whole turns a loop."""
        x, y, light = x0, y0, np.float32(0)
        for k, turns in enumerate((-2, -1, 1, 1)):
            t = np.float32(turn * turns) + start[k]
            x, y = x0 + np.cos(t - x) + np.sin(t + y), y0 + np.sin(t - y) + np.cos(t + x)
            light = light + 1 / np.sqrt((_FAR / (np.sin(x + t) + 1e-4)) ** 2 + (_FAR / (np.cos(y + t) + 1e-4)) ** 2)
        return np.asarray(np.clip(1.17 - (0.2 + light / 4) ** 1.4, 0, 1.1) ** 7 * 1.5, np.float32)

    def paint(phase: float) -> None:
        turn = TURN * phase
        across = scene.low_x + lean * scene.low_y * aspect
        shafts = np.clip(
            np.sin(across * 9 + start[5] + np.sin(turn)) + np.sin(across * 15.3 + start[6] - np.sin(turn + 1)), 0, 2
        )
        picture = lit(ground, 0.16 * shafts * np.exp(-((scene.low_y / 0.6) ** 2)), palette.high)
        canvas.wash(lit(picture, np.clip(net(turn) * fade, 0, 0.85), palette.accent(0)))
        for i in range(count):
            rise = (bubble_y[i] - phase) % 1.0
            x = bubble_x[i] + 0.012 * np.sin(2 * turn + bubble_s[i])
            alpha = 0.5 * min(1.0, 6 * rise, 6 * (1 - rise))
            disc(
                canvas,
                x * scene.width,
                (rise * 1.1 - 0.05) * scene.height,
                bubble_r[i],
                palette.high,
                alpha,
                soft=1.5,
                rim=0.86,
            )
            disc(
                canvas,
                x * scene.width - 0.35 * bubble_r[i],
                (rise * 1.1 - 0.05) * scene.height - 0.38 * bubble_r[i],
                0.16 * bubble_r[i],
                palette.high,
                alpha,
                soft=2.0,
            )

    return paint
