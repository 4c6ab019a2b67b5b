"""Skyline: a city at night behind rain-soft lights."""

import numpy as np

from reels.media.canvas import disc, points
from reels.media.colour import mix, vivid
from reels.media.scene import TURN, Painter, Scene, lit


def skyline(scene: Scene) -> Painter:
    """Rows of buildings with windows going on and off, the street's lights passing out of focus in front."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    sky = scene.vertical(palette.deep, palette.low, vivid(palette.mid, 0.13), palette.mid, palette.low)
    sky = lit(sky, 0.75 * scene.spot(rng.uniform(0.2, 0.8), 0.56, 0.6), vivid(palette.accent(0), 0.14))
    canvas.wash(sky)
    windows = [_row(scene, depth) for depth in range(3)]
    still = canvas.pixels.copy()
    x, y, colours = (np.concatenate([w[k] for w in windows]) for k in range(3))
    blink, turns = rng.uniform(0, TURN, len(x)), rng.integers(1, 3, len(x))
    count = 30
    depth = np.sort(rng.uniform(0, 1, count))
    lane, offset = rng.choice([-1, 1], count), rng.uniform(0, 1, count)
    car_colour = [palette.accent(0) if way > 0 else palette.accent(1) for way in lane]
    radius = (np.full(len(x), 2.3) * scene.unit).astype(np.float32)

    def paint(phase: float) -> None:
        canvas.pixels[:] = still
        bright = np.clip(0.55 + 0.6 * np.sin(TURN * phase * turns + blink), 0.1, 1).astype(np.float32)
        points(canvas, x, y, radius, bright * np.float32(0.85), colours)
        for i in range(count):
            along = (offset[i] + lane[i] * phase) % 1.0
            at_x = (along * 1.3 - 0.15) * scene.width
            at_y = (0.84 + 0.12 * depth[i] + 0.004 * np.sin(TURN * phase * 2 + i)) * scene.height
            size = (11 + 27 * depth[i]) * scene.unit
            disc(canvas, at_x, at_y, size, car_colour[i], 0.62 - 0.2 * depth[i], soft=3 * scene.unit, rim=0.45)

    return paint


def _row(scene: Scene, depth: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paint one row of buildings, far (0) to near (2); its windows: x, y float32[n], colours float32[n, 3]."""
    rng, palette, canvas, unit = scene.rng, scene.palette, scene.canvas, scene.unit
    tone = mix(palette.low, palette.deep, 0.1 + 0.4 * depth)
    left, xs, ys, colours = -20.0 * unit, [], [], []
    while left < scene.width:
        wide = rng.uniform(55, 110) * unit * (1 - 0.1 * depth)
        top = (0.40 + 0.13 * depth + rng.uniform(-0.10, 0.13)) * scene.height
        a, b, t = int(max(left, 0)), int(min(left + wide, scene.width)), int(top)
        if b > a:
            share = np.clip(np.arange(scene.height - t, dtype=np.float32) / (0.5 * scene.height), 0, 1)[None, :, None]
            low = mix(tone, palette.accent(1), 0.2)[:, None, None]
            canvas.pixels[:, t:, a:b] = tone[:, None, None] * (1 - share) + low * share
        pitch = (13 - depth) * unit
        for column in np.arange(left + pitch, left + wide - pitch * 0.6, pitch):
            for row in np.arange(top + pitch * 1.2, 0.86 * scene.height, pitch * 1.25):
                if rng.random() < 0.30 and 0 < column < scene.width:
                    xs.append(column)
                    ys.append(row)
                    colours.append(palette.accent(int(rng.integers(0, 3))))
        left += wide + rng.uniform(-8, 16) * unit
    return np.array(xs, np.float32), np.array(ys, np.float32), np.array(colours, np.float32).reshape(-1, 3)
