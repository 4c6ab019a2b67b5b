"""Headlights: the trails cars leave on a night road in a long exposure."""

import numpy as np

from reels.media.canvas import Canvas, points, ribbon
from reels.media.colour import mix
from reels.media.scene import TURN, Painter, Scene, lit

TRAILS = 44


def headlights(scene: Scene) -> Painter:
    """White lights towards the viewer, red ones away, on a road that bends into the dusk."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    horizon, bend = rng.uniform(0.36, 0.44), rng.uniform(0.12, 0.3) * rng.choice([-1, 1])
    vanish = 0.5 - 0.5 * bend
    sky = scene.vertical(palette.deep, palette.low, palette.mid, palette.low, palette.deep, palette.deep)
    sky = lit(sky, 0.7 * scene.spot(vanish, horizon, 0.42), palette.accent(2))
    road = Canvas(scene.width // 2, scene.height // 2)  # trails are soft: half the size is a quarter of the work
    first = int(horizon * road.height)
    depth = (np.arange(road.height - first, dtype=np.float32) + 1) / (road.height - first)
    lane = np.sort(rng.uniform(-1.5, 1.5, TRAILS))
    lane += np.sign(lane) * 0.12
    height = rng.uniform(-0.05, 0.12, TRAILS)
    start, runs, thick = rng.uniform(0, 1, TRAILS), rng.integers(1, 3, TRAILS), rng.uniform(0.7, 1.5, TRAILS)
    away = np.log(depth * 12 + 1) / np.log(13.0)
    count = 60
    lamp_x = rng.uniform(0, 1, count) * scene.width
    lamp_y = (horizon + rng.normal(-0.006, 0.012, count)) * scene.height
    lamp_colour = np.stack([mix(c, palette.high, 0.4) for c in scene.some_accents(count)])
    lamp_r, blink = rng.uniform(1.2, 3.0, count) * scene.unit, rng.uniform(0, TURN, count)

    def paint(phase: float) -> None:
        road.wash(sky)
        bright = 0.55 + 0.25 * np.sin(TURN * phase + blink)
        below = road.pixels[:, first:].transpose(0, 2, 1)
        for i in range(TRAILS):
            coming = lane[i] > 0
            centre = vanish + bend * (1 - depth) ** 2 * 0.6 + lane[i] * depth * 0.62 + bend * depth * 0.25
            train = (away - (phase if coming else -phase) * runs[i] + start[i]) % 1.0
            streak = np.exp(-(((train - 0.5) / 0.16) ** 2)) * 1.1 + 0.12
            half = (1.0 + 6.5 * depth**1.3 * thick[i]) * scene.unit / 2
            colour = palette.high if coming else palette.accent(1)
            alpha = streak * (0.34 + 0.5 * depth) * (1 - 0.25 * height[i])
            core = mix(colour, palette.accent(0), 0.35) if coming else colour
            ribbon(below, centre * road.width, half, core, alpha)
        canvas.wash(road.pixels)
        points(canvas, lamp_x, lamp_y, lamp_r, bright, lamp_colour)

    return paint
