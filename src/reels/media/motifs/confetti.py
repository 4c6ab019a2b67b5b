"""Confetti: paper tumbling down in a warm room."""

import numpy as np

from reels.media.canvas import rotated
from reels.media.scene import TURN, Painter, Scene, lit


def confetti(scene: Scene) -> Painter:
    """Paper of the accents' colours turning over and over as it falls, near pieces out of focus."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    count = int(rng.integers(100, 130))
    depth = np.sort(rng.uniform(0, 1, count) ** 1.6)
    size = (8 + 20 * depth) * scene.unit
    home, sway = rng.uniform(-0.02, 1.02, (2, count)), rng.uniform(0.01, 0.05, count)
    start, spin = rng.uniform(0, TURN, (3, count)), rng.choice([-1, 1], count) * rng.integers(1, 3, count)
    flips, falls = rng.integers(1, 4, count), np.where(depth > 0.72, 2, 1)
    slim, colours = rng.uniform(0.45, 1.0, count), scene.some_accents(count)
    ground, swell = palette.ramp(), scene.swell(4, 0.5)

    def piece(i: int, phase: float) -> None:
        turn = TURN * phase
        y = ((home[1, i] + falls[i] * phase) % 1.0) * 1.12 - 0.06
        x = home[0, i] + sway[i] * np.sin(turn * flips[i] + start[0, i])
        window = canvas.window(x * scene.width, y * scene.height, 1.5 * size[i])
        if window is None:
            return
        facing = np.cos(turn * flips[i] + start[1, i])
        along, across = rotated(window, turn * spin[i] + start[2, i])
        blur = 1.2 + 5 * max(0.0, depth[i] - 0.7) * scene.unit * 2
        half = max(abs(facing) * size[i] * slim[i], 0.8)
        cover = np.clip((size[i] - np.abs(along)) / blur + 0.5, 0, 1) * np.clip(
            (half - np.abs(across)) / blur + 0.5, 0, 1
        )
        shade = 0.86 + 0.14 * facing
        canvas.over(window[0], window[1], (0.94 - 0.2 * depth[i]) * cover, colours[i] * np.float32(shade))

    def paint(phase: float) -> None:
        picture = scene.coloured(0.34 + 0.1 * swell(phase) + 0.16 * (1 - scene.low_y), ground)
        canvas.wash(lit(picture, 0.5 * scene.spot(0.5, 0.1, 0.7), palette.high))
        for i in range(count):
            piece(i, phase)

    return paint
