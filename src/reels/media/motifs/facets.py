"""Facets: a low-poly surface whose corners drift and whose faces catch the light."""

import numpy as np
from PIL import Image, ImageDraw

from reels.media.scene import TURN, Painter, Scene

ACROSS, DOWN = 6, 10


def facets(scene: Scene) -> Painter:
    """A folded surface of triangles, shaded by their slope, with a light wandering over it."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    shape = (DOWN + 3, ACROSS + 3)
    row, column = np.mgrid[0 : shape[0], 0 : shape[1]].astype(float)
    column[1::2] += 0.5
    home = np.stack([(column - 1.25) / ACROSS, (row - 1) / DOWN], -1) + rng.uniform(-0.32, 0.32, (*shape, 2)) / (
        ACROSS,
        DOWN,
    )
    start, reach = rng.uniform(0, TURN, (3, *shape)), rng.uniform(0.15, 0.34, (*shape, 1)) / np.array([ACROSS, DOWN])
    faces = _faces(*shape)
    colours = palette.ramp(256)
    accent = palette.accent(0)
    sparkle = rng.uniform(0, TURN, len(faces))
    light_start = rng.uniform(0, TURN, 2)
    tint = rng.random(len(faces)) < 0.1

    def paint(phase: float) -> None:
        turn = TURN * phase
        corner = home + reach * np.stack([np.sin(turn + start[0]), np.cos(turn + start[1])], -1)
        tall = np.sin(turn + start[2]) * 0.5 + np.sin(home[..., 0] * 4 + home[..., 1] * 5 + turn)
        at = corner.reshape(-1, 2)[faces]
        z = tall.reshape(-1)[faces]
        centre = at.mean(axis=1)
        slope = (z[:, 1] - z[:, 0]) * 0.20 + (z[:, 2] - z[:, 0]) * 0.14
        light = (0.5 + 0.28 * np.sin(turn + light_start[0]), 0.42 + 0.22 * np.cos(turn + light_start[1]))
        near = np.exp(-((centre[:, 0] - light[0]) ** 2 * 3.2 + (centre[:, 1] - light[1]) ** 2 * 7))
        shade = np.clip(0.20 + 0.52 * near + slope * (0.35 + 0.65 * near) + 0.035 * np.sin(turn + sparkle), 0, 1)
        colour = colours[(shade * 255).astype(int)]
        colour = np.where(tint[:, None], colour * 0.5 + accent * (0.25 + 0.5 * shade[:, None]), colour)
        fill = np.clip(colour * 255, 0, 255).astype(int)
        picture = Image.new("RGB", (scene.width * 2, scene.height * 2))
        draw = ImageDraw.Draw(picture)
        outline = (at * (scene.width * 2, scene.height * 2)).reshape(len(faces), -1).tolist()
        for face, tone in zip(outline, fill.tolist(), strict=True):
            draw.polygon(face, fill=tuple(tone))
        canvas.pixels[:] = np.asarray(picture.reduce(2), np.float32).transpose(2, 0, 1) * np.float32(1 / 255)

    return paint


def _faces(rows: int, columns: int) -> np.ndarray:
    """Corner numbers of every triangle, int[n, 3]; odd rows are half a step to the right."""
    faces = []
    for r in range(rows - 1):
        for c in range(columns - 1):
            a, b, below, beyond = r * columns + c, r * columns + c + 1, (r + 1) * columns + c, (r + 1) * columns + c + 1
            faces += [(a, b, beyond), (a, beyond, below)] if r % 2 else [(a, b, below), (b, beyond, below)]
    return np.array(faces)
