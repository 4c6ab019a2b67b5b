"""Ridges: mountain after mountain in the mist."""

import numpy as np

from reels.media.canvas import disc, fill_below, glow
from reels.media.colour import mix
from reels.media.scene import TURN, Painter, Scene, lit

LAYERS = 6


def ridges(scene: Scene) -> Painter:
    """Mountain layers sliding past at the speed of their distance, mist between them, a sun or a moon."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    sun = rng.uniform(0.28, 0.72), rng.uniform(0.17, 0.27)
    sky = scene.vertical(palette.low, palette.mid, palette.high, palette.high)
    sky = lit(sky, 0.6 * scene.spot(*sun, 0.6), palette.accent(0))
    haze = scene.swell(4, 0.8)
    way = rng.choice([-1, 1])
    waves = [_profile(rng, layer) for layer in range(LAYERS)]
    tone = [mix(palette.high, palette.deep, ((layer + 1) / LAYERS) ** 0.75) for layer in range(LAYERS)]

    def edge(layer: int, phase: float) -> np.ndarray:
        cycles, size, start = waves[layer]
        shift = way * phase * (1 if layer < 3 else 2)
        x = scene.columns[:, None] * 0.5 + shift * 0.5
        # A loop slides half or all of the double-width profile: with even cycles it is then back where it was.
        rise = (np.sin(TURN * x * cycles + start) * size).sum(axis=1)
        sharp = (np.abs(np.sin(TURN * x[:, 0] * cycles[2] / 2 + start[0])) - 0.6) * size[0] * 0.9
        return np.asarray(scene.height * (0.40 + 0.095 * layer - rise - sharp), np.float32)

    def paint(phase: float) -> None:
        canvas.wash(lit(sky, 0.1 * np.clip(haze(phase), 0, 1), palette.high))
        at = sun[0] * scene.width, sun[1] * scene.height
        glow(canvas, *at, 150 * scene.unit, palette.accent(0), 0.35)
        disc(canvas, *at, 46 * scene.unit, palette.high, 0.95, soft=2 * scene.unit)
        for layer in range(LAYERS):
            mist = mix(tone[layer], palette.high, 0.5 - 0.07 * layer)
            fill_below(canvas, edge(layer, phase), tone[layer], mist, 0.26 * scene.height)

    return paint


def _profile(rng: np.random.Generator, layer: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Even cycles of the profile's width, their heights (shares of the film's height) and starts."""
    cycles = np.array([2, 4, 6, 10, 18, 30, 46])
    size = 0.062 * (0.75 + 0.08 * layer) / (np.arange(7) + 1.0) ** 1.5 * rng.uniform(0.6, 1.3, 7)
    return cycles, size, rng.uniform(0, TURN, 7)
