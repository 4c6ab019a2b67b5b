"""Grid: a neon plain running towards a striped sun."""

import numpy as np

from reels.media.canvas import points
from reels.media.scene import TURN, Painter, Scene, lit


def grid(scene: Scene) -> Painter:
    """Perspective lines flowing under a low sun, stars above."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    horizon = rng.uniform(0.52, 0.58)
    lines = int(rng.integers(2, 4))
    sky = scene.vertical(palette.deep, palette.deep, palette.low, palette.mid, palette.low, palette.deep)
    sky = lit(sky, 0.5 * scene.spot(0.5, horizon - 0.06, 0.55), palette.accent(0))
    sun, sun_colour = _sun(scene, horizon)
    first = int(horizon * scene.height)
    distance = 1 / (np.arange(1, scene.height - first + 1) / scene.height + 0.004)
    fade = np.clip(1.25 - distance / 42, 0.0, 1)
    across = (scene.columns[None, :] - 0.5) * distance[:, None]
    pixel = distance[:, None] / scene.width
    spacing = 0.62
    nearest = np.abs((across / spacing + 0.5) % 1.0 - 0.5) * spacing
    upright = (np.exp(-((nearest / (1.5 * pixel)) ** 2)) + 0.35 * np.exp(-((nearest / (7 * pixel)) ** 2))).astype(
        np.float32
    )
    count = 70
    star_x = rng.uniform(0, 1, count) * scene.width
    star_y = rng.uniform(0, horizon - 0.12, count) * scene.height
    star_size = (rng.uniform(0.7, 1.5, count) * scene.unit).astype(np.float32)
    twinkle = rng.uniform(0, TURN, count)
    plain = (palette.deep * 0.75)[:, None, None]
    line_colour = palette.accent(0)[:, None, None]

    def paint(phase: float) -> None:
        canvas.wash(sky)
        bright = (0.45 + 0.4 * np.sin(TURN * phase * 2 + twinkle)).astype(np.float32)
        points(canvas, star_x, star_y, star_size, bright, np.tile(palette.high, (count, 1)))
        canvas.pixels[:, :first] += sun * (sun_colour - canvas.pixels[:, :first])
        along = (distance * 0.5 + phase * lines) % 1.0
        off = np.minimum(along, 1 - along) / np.maximum(distance**2 / scene.height * 0.5, 1e-4)
        level = (np.exp(-((off / 1.5) ** 2)) + 0.35 * np.exp(-((off / 6) ** 2)))[:, None]
        light = (np.clip(upright + level, 0, 1.15) * fade[:, None]).astype(np.float32)
        canvas.pixels[:, first:] = plain + np.clip(light, 0, 1) * (line_colour - plain)
        haze = np.exp(-((scene.rows[first:] - horizon) / 0.06))[None, :, None] * 0.8
        canvas.pixels[:, first:] += haze.astype(np.float32) * (palette.mid[:, None, None] - canvas.pixels[:, first:])

    return paint


def _sun(scene: Scene, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """The sun above the horizon: cover float[rows, width] with slits widening downwards, colour float[3, rows, 1]."""
    first = int(horizon * scene.height)
    aspect = scene.height / scene.width
    rows, centre, radius = scene.rows[:first], horizon - 0.10, 0.27
    away = np.sqrt((scene.columns[None, :] - 0.5) ** 2 + ((rows[:, None] - centre) * aspect) ** 2)
    cover = np.clip((radius - away) * scene.width + 0.5, 0, 1)
    down = (rows - centre) * aspect / radius
    slit = (down * 7) % 1.0
    width = np.clip(0.12 + 0.45 * down, 0, 0.6)
    open_rows = np.where(down > 0, np.clip((slit - width) * 12, 0, 1), 1)
    share = np.clip((down + 1) / 2, 0, 1)[None, :]
    colour = scene.palette.high[:, None] * (1 - share) + scene.palette.accent(1)[:, None] * share
    return (cover * open_rows[:, None]).astype(np.float32), colour[:, :, None].astype(np.float32)
