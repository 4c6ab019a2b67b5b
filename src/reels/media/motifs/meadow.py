"""Meadow: grass in the wind against the light."""

import numpy as np
from PIL import Image, ImageDraw

from reels.media.canvas import disc, points
from reels.media.colour import mix
from reels.media.scene import TURN, Painter, Scene, lit

LAYERS, BLADES, BENDS = 3, 130, 7


def meadow(scene: Scene) -> Painter:
    """Three depths of grass bending as gusts pass, low sun behind, seeds in the air."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    sun = rng.uniform(0.25, 0.75), rng.uniform(0.34, 0.46)
    sky = scene.vertical(palette.low, palette.mid, palette.high, palette.mid, palette.low)
    sky = lit(sky, 0.75 * scene.spot(*sun, 0.5), palette.accent(0))
    sky = lit(sky, 0.9 * scene.spot(*sun, 0.16), palette.high)
    layers = [_Grass(scene, layer) for layer in range(LAYERS)]
    lights = rng.uniform(0.05, 0.95, (12, 2))
    start = rng.uniform(0, TURN, 60)
    seed_x, seed_y = rng.uniform(0, 1, 60), rng.uniform(0.25, 0.95, 60)
    seed_r = (rng.uniform(1.2, 3.4, 60) * scene.unit).astype(np.float32)
    seed_colour = np.tile(palette.high, (60, 1))

    def paint(phase: float) -> None:
        canvas.wash(sky)
        for i, (x, y) in enumerate(lights):
            shine = 0.13 + 0.07 * np.sin(TURN * phase + start[i])
            at = x * scene.width, (0.3 + 0.4 * y) * scene.height
            disc(canvas, *at, (16 + 3.4 * i) * scene.unit, palette.accent(0), shine, soft=7 * scene.unit, rim=0.3)
        for grass in layers:
            grass.paint(phase)
        x = (seed_x + 0.05 * np.sin(TURN * phase + start)) * scene.width
        y = (seed_y + 0.02 * np.cos(TURN * phase + start * 1.7)) * scene.height
        bright = 0.45 + 0.4 * np.sin(TURN * phase * 2 + start)
        points(canvas, x, y, seed_r, bright, seed_colour)

    return paint


class _Grass:
    """One depth of grass: blades as polygons, drawn twice as large and halved, so their edges are smooth."""

    def __init__(self, scene: Scene, layer: int) -> None:
        rng, near = scene.rng, layer / (LAYERS - 1)
        self.scene, self.canvas = scene, scene.canvas
        count = BLADES - 34 * layer
        self.root = (np.arange(count) + rng.uniform(-0.6, 0.6, count)) / count * 1.2 - 0.1
        self.tall = (0.20 + 0.10 * near) * rng.uniform(0.55, 1.25, count)
        self.wide = (6 + 9 * near) * scene.unit * rng.uniform(0.6, 1.2, count)
        self.lean, self.start = rng.normal(0, 0.05, count), rng.uniform(0, 0.9, count)
        self.gust = 0.045 + 0.03 * near
        self.foot = 0.86 + 0.13 * near
        hill = self.foot + 0.015 * np.sin(np.linspace(0, 5, 24) + rng.uniform(0, TURN))
        self.top = int(max(0.0, self.foot - 0.40) * scene.height)
        rows = (hill * scene.height - self.top) * 2
        edge = zip(np.linspace(0, scene.width * 2, 24).tolist(), rows.tolist(), strict=True)
        self.ground = [(0, 4 * scene.height), *edge, (2 * scene.width, 4 * scene.height)]
        tip = mix(scene.palette.mid, scene.palette.accent(1), 0.6)
        self.tip = mix(tip, scene.palette.deep, 0.12 + 0.28 * near)
        self.root_colour = mix(scene.palette.low, scene.palette.deep, 0.35 + 0.5 * near)

    def paint(self, phase: float) -> None:
        """Bend the blades for this phase and lay them over the picture."""
        scene, height = self.scene, self.scene.height - self.top
        mask = Image.new("L", (scene.width * 2, height * 2), 0)
        draw = ImageDraw.Draw(mask)
        up = np.linspace(0, 1, BENDS)
        wave = np.sin(TURN * phase + self.root * 4.5 + self.start) + 0.4 * np.sin(
            TURN * 2 * phase + self.root * 9 + self.start * 3
        )
        bend = (self.lean + self.gust * wave)[:, None] * up**1.8
        x = (self.root[:, None] + bend) * scene.width
        y = (self.foot + 0.02 - self.tall[:, None] * up * (1 - 0.6 * bend**2)) * scene.height - self.top
        half = self.wide[:, None] * (1 - up) ** 0.8 * 0.5
        outline = np.concatenate([np.stack([x - half, y], -1), np.stack([x + half, y], -1)[:, ::-1]], axis=1) * 2
        for blade in outline.reshape(len(outline), -1).tolist():
            draw.polygon(blade, fill=255)
        draw.polygon(self.ground, fill=255)
        cover = np.asarray(mask.reduce(2), np.float32) * np.float32(1 / 255)
        share = np.clip(np.arange(height, dtype=np.float32) / (0.36 * scene.height), 0, 1)
        colour = self.tip[:, None] * (1 - share) + self.root_colour[:, None] * share
        patch = self.canvas.pixels[:, self.top :]
        patch += cover * (colour[:, :, None] - patch)
