"""Steam: wisps curling up through warm light, with embers."""

import numpy as np

from reels.media.canvas import points
from reels.media.scene import TURN, Painter, Scene, lit


def steam(scene: Scene) -> Painter:
    """Warm light from below, wisps folding as they rise, a few sparks."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    aspect = scene.height / scene.width
    ground = scene.vertical(palette.deep, palette.deep, palette.low, palette.mid)
    hearth = rng.uniform(0.35, 0.65)
    start = rng.uniform(0, TURN, 9).astype(np.float32)
    x, y = scene.low_x, scene.low_y * np.float32(aspect)
    warp_x, warp_y = scene.swell(3, 1.1), scene.swell(3, 1.1)
    column = np.exp(-(((x - hearth) / (0.16 + 0.42 * (1 - scene.low_y))) ** 2))
    reach = (column * np.clip(scene.low_y * 2.2 - 0.12, 0, 1)).astype(np.float32)
    count = 46
    spark_x, spark_y, spark_s = rng.normal(hearth, 0.2, count), rng.uniform(0, 1, count), rng.uniform(0, TURN, count)
    spark_r = (rng.uniform(0.9, 2.6, count) * scene.unit).astype(np.float32)
    colours = np.stack(scene.some_accents(count))

    def paint(phase: float) -> None:
        turn = np.float32(TURN * phase)
        wx, wy = x + 0.13 * warp_x(phase), y + 0.16 * warp_y(phase)
        rise = np.float32(TURN) * wy
        curl = 1.7 * np.sin(rise * 0.9 + turn + start[1]) + np.sin(rise * 1.7 + 2 * turn + start[2])
        frill = 2.1 * np.sin(rise * 1.3 + turn + start[4]) + 1.2 * np.sin(rise * 2.6 + 2 * turn + start[5])
        body, fine = np.sin(wx * 9 + start[0] + curl), np.sin(wx * 21 + start[3] + frill)
        wisp = np.clip(0.5 + 0.38 * body + 0.2 * fine, 0, 1) ** 2.4
        breath = np.float32(0.93 + 0.07 * np.sin(turn))
        picture = lit(ground, 0.75 * breath * scene.spot(hearth, 1.02, 0.62), palette.accent(0))
        picture = lit(picture, 0.5 * breath * scene.spot(hearth, 1.04, 0.3), palette.high)
        canvas.wash(lit(picture, 0.62 * wisp * reach, palette.high))
        up = (spark_y - phase) % 1.0
        drift = spark_x + 0.05 * np.sin(TURN * (up * 1.5) + spark_s) * (1 - up)
        bright = np.minimum(1, 5 * up) * up**1.2 * (0.6 + 0.4 * np.sin(TURN * phase * 3 + spark_s))
        points(canvas, drift * scene.width, up * 1.05 * scene.height, spark_r, bright, colours)

    return paint
