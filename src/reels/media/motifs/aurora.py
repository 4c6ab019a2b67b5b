"""Aurora: curtains of light over a dark ridge."""

import numpy as np

from reels.media.canvas import fill_below, points
from reels.media.colour import mix, vivid
from reels.media.scene import TURN, Painter, Scene, lit


def aurora(scene: Scene) -> Painter:
    """Three curtains that wave and flicker in rays, stars behind, hills below."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    dusk = mix(palette.deep, palette.low, 0.5)
    sky = scene.vertical(palette.deep, palette.deep, dusk, dusk, palette.deep)
    start = rng.uniform(0, TURN, (3, 6)).astype(np.float32)
    colours = [vivid(c, 0.17, 0.8) for c in (palette.mid, palette.accent(0), palette.accent(1))]
    count = 150
    star_x, star_y = rng.uniform(0, 1, count) * scene.width, rng.uniform(0, 0.8, count) * scene.height
    star_r, twinkle = (rng.uniform(0.7, 1.5, count) * scene.unit).astype(np.float32), rng.uniform(0, TURN, count)
    white = np.tile(palette.high, (count, 1))
    hill = [scene.height * (0.84 + 0.06 * k - 0.03 * _hill(scene, rng)) for k in range(2)]

    def curtain(k: int, turn: float) -> np.ndarray:
        s, t, x = start[k], np.float32(turn), scene.low_x
        foot = 0.50 + 0.11 * k + 0.10 * np.sin(4.2 * x + s[0] + t) + 0.045 * np.sin(9 * x + s[1] - t)
        broad = np.sin(26 * x + s[2] + 2.2 * np.sin(5 * x + t + s[3]))
        narrow = np.sin(57 * x + s[4] - 2 * t + 2 * np.sin(7 * x - t))
        rays = 0.62 + 0.24 * broad + 0.14 * narrow
        up = (foot - scene.low_y) / (0.34 + 0.08 * np.sin(3 * x + s[5] + t))
        body = np.exp(-1.9 * np.maximum(up, 0)) * np.clip(up * 9 + 0.35, 0, 1)
        return np.asarray(body * rays * (0.75 + 0.25 * np.sin(2.6 * x + t + s[1])), np.float32)

    def paint(phase: float) -> None:
        turn = TURN * phase
        picture = sky
        for k in range(3):
            light = curtain(k, turn)
            picture = lit(picture, np.clip(light * (0.85 - 0.2 * k), 0, 0.9), colours[k])
        canvas.wash(lit(picture, 0.25 * scene.spot(0.5, 0.86, 0.6), palette.accent(0)))
        bright = (0.4 + 0.3 * np.sin(TURN * phase * 2 + twinkle)).astype(np.float32)
        points(canvas, star_x, star_y, star_r, bright, white)
        for k in range(2):
            tone = mix(palette.low, palette.deep, 0.55 + 0.4 * k) * np.float32(0.7)
            fill_below(canvas, hill[k], tone, tone * np.float32(0.6), 0.2 * scene.height)

    return paint


def _hill(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """A still ridge, about -1..1, float32[width]."""
    cycles = (0.7, 1.6, 3.1, 7.3, 15.0)
    waves = [np.sin(TURN * scene.columns * c + rng.uniform(0, TURN)) / (1 + 0.55 * c) for c in cycles]
    return np.asarray(sum(waves) * 1.3, np.float32)
