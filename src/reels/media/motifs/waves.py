"""Waves: translucent swells under a low sun."""

import numpy as np

from reels.media.canvas import fill_below, ribbon
from reels.media.colour import mix
from reels.media.scene import TURN, Painter, Scene, lit

LAYERS = 6


def waves(scene: Scene) -> Painter:
    """Layered swells rolling one over the other, each crest lit."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    sun_x, sun_y = rng.uniform(0.25, 0.75), rng.uniform(0.22, 0.32)
    sky = scene.vertical(palette.low, palette.mid, palette.high)
    sky = lit(sky, 0.55 * scene.spot(sun_x, sun_y, 0.55), palette.accent(0))
    sky = lit(sky, 1.0 * np.clip(scene.spot(sun_x, sun_y, 0.17) * 2.2 - 0.55, 0, 1), palette.high)
    start = rng.uniform(0, TURN, (LAYERS, 3))
    way = rng.choice([-1, 1])
    tone = [mix(palette.mid, palette.deep, (i / (LAYERS - 1)) ** 0.8) for i in range(LAYERS)]
    full = np.full(scene.width, 1.0, np.float32)

    def edge(layer: int, phase: float) -> np.ndarray:
        near, turn, x = layer / (LAYERS - 1), TURN * phase, scene.columns * TURN
        height = (0.022 + 0.026 * near) * scene.height
        long, short = x * (1.25 - 0.5 * near) + way * turn, x * 2.1 - way * turn
        swell = np.sin(long + start[layer, 0]) + 0.45 * np.sin(short + start[layer, 1])
        heave = 0.35 * np.sin(turn + start[layer, 2])
        return np.asarray((0.40 + 0.115 * layer) * scene.height + height * (swell + heave), np.float32)

    def paint(phase: float) -> None:
        canvas.wash(sky)
        for layer in range(LAYERS):
            crest = edge(layer, phase)
            light = mix(tone[layer], palette.accent(layer) if layer % 2 else palette.high, 0.42 - 0.04 * layer)
            fill_below(canvas, crest, light, tone[layer], 0.17 * scene.height, alpha=0.9)
            shine = 0.35 * (0.4 + 0.6 * np.exp(-(((scene.columns - sun_x) / 0.28) ** 2)))
            ribbon(canvas.pixels, crest + scene.unit, full * 1.6 * scene.unit, palette.high, shine)

    return paint
