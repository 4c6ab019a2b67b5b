"""Bokeh: out-of-focus lights drifting at different depths."""

import numpy as np

from reels.media.canvas import disc
from reels.media.scene import TURN, Painter, Scene, lit


def bokeh(scene: Scene) -> Painter:
    """Lens-blurred discs of light on a heaving dark ground."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    ground, swell = palette.ramp(), scene.swell(4, 0.6)
    glow_at = rng.uniform(0.2, 0.8, 2)
    count = int(rng.integers(40, 54))
    depth = np.sort(rng.uniform(0, 1, count))
    radius = (10 + 62 * depth**2.2) * scene.unit
    home_x, home_y = rng.uniform(-0.05, 1.05, count), rng.uniform(-0.02, 1.02, count)
    sway, start, turns = (
        rng.uniform(0.01, 0.05, (2, count)),
        rng.uniform(0, TURN, (3, count)),
        rng.integers(1, 3, count),
    )
    colours = scene.some_accents(count)

    def paint(phase: float) -> None:
        shade = 0.24 + 0.12 * swell(phase) + 0.26 * scene.spot(float(glow_at[0]), float(glow_at[1]), 0.7)
        picture = scene.coloured(shade, ground)
        canvas.wash(lit(picture, 0.35 * scene.spot(1 - float(glow_at[0]), 0.85, 0.5), palette.accent(0)))
        turn = TURN * phase
        for i in range(count):
            x = home_x[i] + sway[0, i] * (0.4 + depth[i]) * np.sin(turn + start[0, i])
            y = home_y[i] + sway[1, i] * (0.4 + depth[i]) * np.cos(turn + start[1, i])
            twinkle = 0.62 + 0.38 * np.sin(turn * turns[i] + start[2, i])
            alpha = (0.78 - 0.42 * depth[i]) * twinkle
            disc(
                canvas,
                x * scene.width,
                y * scene.height,
                radius[i],
                colours[i],
                alpha,
                soft=(1.5 + 5 * depth[i]) * scene.unit,
                rim=0.35,
            )

    return paint
