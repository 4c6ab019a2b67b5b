"""Blobs: round drops of colour that meet and part, like a lava lamp."""

import numpy as np

from reels.media.scene import TURN, Painter, Scene, lit


def blobs(scene: Scene) -> Painter:
    """Metaballs (Blinn 1982) with a soft light on them."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    count = int(rng.integers(11, 15))
    home, reach = _apart(rng, count), rng.uniform(0.06, 0.2, (2, count))
    start, radius = rng.uniform(0, TURN, (2, count)), rng.uniform(0.09, 0.22, count)
    turns = rng.choice([-1, 1], count)
    ground = scene.vertical(palette.low, palette.deep, palette.low)
    aspect = np.float32(scene.height / scene.width)
    body = np.stack([palette.accent(1), palette.accent(0)])
    sharp = np.float32(0.09 * scene.width)
    shift = rng.uniform(0, TURN)

    def field(phase: float) -> np.ndarray:
        total = np.zeros((scene.low_y.shape[0], scene.low_x.shape[1]), np.float32)
        for i in range(count):
            turn = TURN * phase * turns[i]
            x = home[0, i] + reach[0, i] * np.sin(turn + start[0, i])
            y = home[1, i] + reach[1, i] * np.cos(turn + start[1, i])
            total += scene.spot(float(x), float(y), float(radius[i]))
        return total

    def paint(phase: float) -> None:
        total = field(phase)
        thick = np.sqrt(np.clip(total / (total + 0.6) - 0.42, 0, 1))
        slope_y, slope_x = np.gradient(thick, np.float32(1 / 60))
        light = np.clip(0.6 + 0.2 * slope_x + 0.32 * slope_y, 0.1, 1.2)
        mixing = 0.5 + 0.5 * np.sin(2.4 * scene.low_y * aspect + 1.8 * scene.low_x + shift + np.sin(TURN * phase))
        skin = body[0][:, None, None] * (1 - mixing) + body[1][:, None, None] * mixing
        skin = np.clip(skin * (0.5 + 0.62 * light) + 0.35 * np.clip(light - 0.8, 0, 1) ** 1.2, 0, 1).astype(np.float32)
        cover = np.clip((canvas.enlarge(total * np.float32(0.5)) - 0.25) * sharp + 0.5, 0, 1)
        canvas.wash(skin)
        for channel, plane in enumerate(lit(ground, 0.3 * np.clip(total, 0, 1.2), palette.accent(2))):
            behind = canvas.enlarge(plane)
            behind += cover * (canvas.pixels[channel] - behind)
            canvas.pixels[channel] = behind

    return paint


def _apart(rng: np.random.Generator, count: int) -> np.ndarray:
    """Places spread down the height and across the width, float64[2, count] in 0..1."""
    across = (np.arange(count) * 0.618 + rng.random()) % 1
    return np.stack([0.05 + 0.9 * across, (np.arange(count) + rng.uniform(0.1, 0.9, count)) / count])
