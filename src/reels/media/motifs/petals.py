"""Petals: petals or leaves coming down on the wind."""

import numpy as np

from reels.media.canvas import disc, rotated
from reels.media.scene import TURN, Painter, Scene, lit


def petals(scene: Scene) -> Painter:
    """Petals turning as they drift across soft light, some near and out of focus."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    count = int(rng.integers(36, 46))
    depth = np.sort(rng.uniform(0, 1, count) ** 1.5)
    size = (13 + 40 * depth) * scene.unit
    home, start = rng.uniform(0, 1, (2, count)), rng.uniform(0, TURN, (3, count))
    falls, spin, way = np.where(depth > 0.6, 2, 1), rng.choice([-1, 1], count), rng.choice([-1, 1])
    colours = scene.some_accents(count)
    ground, swell = palette.ramp(), scene.swell(4, 0.55)
    lights = rng.uniform(0.05, 0.95, (9, 2))

    def petal(i: int, phase: float) -> None:
        turn = TURN * phase
        fall = (home[1, i] + falls[i] * phase) % 1.0
        x = (home[0, i] + way * 0.25 * fall + 0.04 * np.sin(turn * 2 + start[0, i])) % 1.2 - 0.1
        window = canvas.window(x * scene.width, (fall * 1.16 - 0.08) * scene.height, 1.25 * size[i])
        if window is None:
            return
        along, across = rotated(window, spin[i] * turn + start[1, i])
        facing = 0.35 + 0.65 * abs(np.cos(turn + start[2, i]))
        u = along / size[i]
        half = size[i] * 0.5 * facing * np.sqrt(np.clip(1 - u**2, 0, 1)) * (1 - 0.38 * u)
        blur = 1.3 + max(0.0, depth[i] - 0.62) * 18 * scene.unit
        cover = np.clip((half - np.abs(across)) / blur + 0.5, 0, 1) * (half > 0.01)
        alpha = (0.92 - 0.32 * depth[i]) * min(1.0, 9 * fall, 9 * (1 - fall))
        canvas.over(window[0], window[1], np.float32(alpha) * cover, colours[i] * np.float32(0.74 + 0.26 * facing))
        if depth[i] > 0.62:
            return  # out of focus: no vein to see
        vein = np.exp(-((across / (0.16 * size[i])) ** 2)) * cover * np.float32(0.3 * alpha)
        canvas.light(window[0], window[1], vein, palette.high)

    def paint(phase: float) -> None:
        picture = scene.coloured(0.42 + 0.13 * swell(phase) + 0.2 * (0.5 - scene.low_y), ground)
        canvas.wash(lit(picture, 0.5 * scene.spot(0.5 + 0.3 * way, 0.08, 0.65), palette.high))
        for i, (x, y) in enumerate(lights):
            shine = 0.16 + 0.08 * np.sin(TURN * phase + start[0, i])
            disc(
                canvas,
                x * scene.width,
                y * scene.height,
                (30 + 8 * i) * scene.unit,
                palette.high,
                shine,
                soft=9 * scene.unit,
                rim=0.3,
            )
        for i in range(count):
            petal(i, phase)

    return paint
