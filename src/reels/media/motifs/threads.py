"""Threads: a bundle of lines of light turning in the dark."""

import numpy as np

from reels.media.canvas import ribbon
from reels.media.colour import ramp
from reels.media.scene import TURN, Painter, Scene, lit

COUNT = 38


def threads(scene: Scene) -> Painter:
    """Glowing threads that twist around each other like a scarf in a dance."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    start, upright = rng.uniform(0, TURN, 5), bool(rng.integers(0, 2))
    ground = scene.vertical(palette.deep, palette.low, palette.deep)
    colours = ramp((palette.accent(0), palette.mid, palette.accent(1), palette.accent(2)), COUNT)
    length, breadth = (scene.height, scene.width) if upright else (scene.width, scene.height)
    along = ((np.arange(length, dtype=np.float32) + 0.5) / length).astype(np.float32)
    amplitude = 0.21 if upright else 0.15
    glow_at = rng.uniform(0.3, 0.7, 2)
    cycles = rng.uniform(0.75, 1.15)

    def paint(phase: float) -> None:
        turn = TURN * phase
        picture = lit(ground, 0.4 * scene.spot(glow_at[0], glow_at[1], 0.6 + 0.05 * np.sin(turn)), palette.mid)
        canvas.wash(lit(picture, 0.25 * scene.spot(1 - glow_at[0], 1 - glow_at[1], 0.5), palette.accent(1)))
        pixels = canvas.pixels.transpose(0, 2, 1) if upright else canvas.pixels
        bow = amplitude * np.sin(TURN * along * cycles + turn + start[0])
        spine = 0.5 + bow + 0.06 * np.sin(TURN * along * 1.7 - turn + start[1])
        ply = 0.35 * np.sin(TURN * along * 2.1 + turn + start[3])
        for i in range(COUNT):
            share = i / (COUNT - 1) - 0.5
            twist = np.sin(TURN * along * 0.9 + start[2] - turn + share * 1.2) + ply
            centre = (spine + share * 0.42 * twist) * breadth
            alpha = 0.34 + 0.32 * np.sin(TURN * (along * 1.2 + share) + start[4] + turn)
            half = np.full(length, (1.3 + 1.1 * abs(np.sin(i * 1.7))) * scene.unit, np.float32)
            ribbon(pixels, centre, half, colours[i], alpha)

    return paint
