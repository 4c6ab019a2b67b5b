"""Pitch: mown grass under floodlights."""

import numpy as np

from reels.media.canvas import disc, glow, points
from reels.media.scene import TURN, Painter, Scene, lit


def pitch(scene: Scene) -> Painter:
    """A striped field to the far stand, floodlights with moving beams, camera flashes in the crowd."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    horizon = rng.uniform(0.36, 0.50)
    sky = scene.vertical(palette.deep, palette.deep, palette.low, palette.deep, palette.deep)
    first = int(horizon * scene.height)
    field = _grass(scene, horizon, first)
    wide, high = rng.uniform(0.28, 0.42), rng.uniform(0.06, 0.14)
    inner = wide * rng.uniform(0.3, 0.55)
    lamps = [(0.5 - wide, high), (0.5 + wide, high), (0.5 - inner, high + 0.06), (0.5 + inner, high + 0.06)]
    start = rng.uniform(0, TURN, 8)
    count = 240
    fan_x, fan_y = rng.uniform(0, 1, count) * scene.width, (horizon - rng.uniform(0.008, 0.12, count)) * scene.height
    flash, turns = rng.uniform(0, TURN, count), rng.integers(1, 4, count)
    fan_r = np.full(count, 1.7 * scene.unit, np.float32)
    fan_colour = np.stack(scene.some_accents(count))
    floating = rng.uniform(0, 1, (3, 16))
    aspect = np.float32(scene.height / scene.width)

    def beams(phase: float) -> np.ndarray:
        total = np.zeros((scene.low_y.shape[0], scene.low_x.shape[1]), np.float32)
        for k, (x, y) in enumerate(lamps):
            dx, dy = scene.low_x - np.float32(x), np.maximum((scene.low_y - np.float32(y)) * aspect, 1e-3)
            lean = np.float32((0.5 - x) * 0.9 + 0.16 * np.sin(TURN * phase + start[k]))
            spread = (dx / dy - lean) / np.float32(0.3)
            total += np.exp(-(spread**2)) * np.exp(-dy * 1.1) * (dy > 0.002)
        return total

    def paint(phase: float) -> None:
        light = beams(phase)
        canvas.wash(
            lit(lit(sky, 0.5 * light, palette.accent(0)), 0.35 * scene.spot(0.5, horizon - 0.03, 0.5), palette.mid)
        )
        lit_grass = canvas.enlarge(np.clip(0.5 * light + 0.35 * scene.spot(0.5, horizon + 0.2, 0.6), 0, 1))[first:]
        canvas.pixels[:, first:] = field * (np.float32(0.55) + np.float32(0.9) * lit_grass)
        bright = np.clip(np.sin(TURN * phase * turns + flash) * 6 - 4.7, 0.12, 1)
        points(canvas, fan_x, fan_y, fan_r, bright, fan_colour)
        for k, (x, y) in enumerate(lamps):
            strength = 0.8 + 0.12 * np.sin(TURN * phase * 2 + start[k + 4])
            at = x * scene.width, y * scene.height
            glow(canvas, *at, 62 * scene.unit, palette.accent(0), 0.5 * strength)
            glow(canvas, *at, 17 * scene.unit, palette.high, strength)
        for x, y, size in floating.T:
            up = (y - phase) % 1.0
            at_x = (x + 0.03 * np.sin(TURN * (phase + size))) * scene.width
            disc(
                canvas,
                at_x,
                up * scene.height,
                (4 + 12 * size) * scene.unit,
                palette.high,
                0.2 * np.sin(np.pi * up),
                soft=3 * scene.unit,
                rim=0.3,
            )

    return paint


def _grass(scene: Scene, horizon: float, first: int) -> np.ndarray:
    """The field float32[3, rows, width]: mown stripes, a centre circle and a halfway line."""
    palette, rng = scene.palette, scene.rng
    rows = np.arange(1, scene.height - first + 1, dtype=np.float32) / scene.height
    distance = (0.55 / (rows + 0.06))[:, None]
    across = (scene.columns[None, :] - 0.5) * distance
    pixel = distance / scene.width
    mown = rng.integers(0, 3)  # towards the far goal, across, or both
    fine = distance**2 / (0.55 * scene.height)
    along = np.clip(np.sin(across * 13 + rng.uniform(0, TURN)) / (13 * pixel) * 0.5 + 0.5, 0, 1)
    cross = np.clip(np.sin(distance * 7 + rng.uniform(0, TURN)) / (7 * fine) * 0.5 + 0.5, 0, 1)
    stripe = (along, cross + 0 * across, 0.5 * (along + cross))[mown]
    dark, bright = palette.low[:, None, None], palette.mid[:, None, None]
    grass = dark + stripe * (bright - dark) * 0.75
    blades = rng.normal(1, 0.035, grass.shape[1:]).astype(np.float32)
    grass = grass * blades * (1.05 - 0.45 * rows[:, None] / rows.max())
    middle = 0.55 / (rng.uniform(0.16, 0.30) + 0.06)
    away = np.sqrt(across**2 + ((distance - middle) * 0.8) ** 2)
    ring = np.exp(-(((away - rng.uniform(0.5, 0.8)) / (0.016 + 1.2 * pixel)) ** 2))
    line = np.exp(-(((distance - middle) / (0.014 + 2.5 * pixel)) ** 2))
    chalk = np.clip(ring + line, 0, 1) * 0.75
    return np.asarray(grass + chalk * (palette.high[:, None, None] - grass), np.float32)
