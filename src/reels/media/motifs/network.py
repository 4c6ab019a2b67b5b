"""Network: points that drift and join when they come near each other."""

import numpy as np

from reels.media.canvas import glow, points
from reels.media.scene import TURN, Painter, Scene, lit

NODES, REACH, SAMPLES = 58, 0.29, 64


def network(scene: Scene) -> Painter:
    """Nodes on closed paths, links that fade with distance, signals running along them."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    aspect = scene.height / scene.width
    ground, swell = palette.ramp(), scene.swell(4, 0.6)
    home = np.stack([rng.uniform(-0.05, 1.05, NODES), rng.uniform(-0.05, 1.05, NODES) * aspect], -1)
    for _ in range(30):
        home = _spread(home, aspect)
    reach, start = rng.uniform(0.02, 0.07, (NODES, 2)), rng.uniform(0, TURN, (NODES, 2))
    first, second = np.triu_indices(NODES, 1)
    colours = np.stack(scene.some_accents(NODES))
    size = rng.uniform(2.2, 4.6, NODES) * scene.unit
    run = rng.uniform(0, 1, len(first))
    along = np.linspace(0, 1, SAMPLES, dtype=np.float32)
    lights = rng.uniform(0.2, 0.8, 2)

    def paint(phase: float) -> None:
        turn = TURN * phase
        shade = 0.17 + 0.09 * swell(phase) + 0.3 * scene.spot(lights[0], lights[1], 0.6)
        canvas.wash(lit(scene.coloured(shade, ground), 0.2 * scene.spot(1 - lights[0], 0.9, 0.5), palette.accent(1)))
        node = (home + reach * np.stack([np.sin(turn + start[:, 0]), np.cos(turn + start[:, 1])], -1)) * scene.width
        gap = np.linalg.norm(node[first] - node[second], axis=1) / scene.width
        near = np.flatnonzero(gap < REACH)
        strength = (1 - gap[near] / REACH) ** 0.8
        a, b = node[first[near]], node[second[near]]
        line = a[:, None] + (b - a)[:, None] * along[None, :, None]
        signal = np.exp(-((((along[None, :] - (run[near, None] + phase * 2)) % 1.0 - 0.5) / 0.08) ** 2))
        bright = strength[:, None] * (0.24 + 0.5 * signal)
        radius = np.full(line[..., 0].size, 0.95 * scene.unit, np.float32)
        tone = np.repeat(colours[first[near]], SAMPLES, axis=0)
        points(canvas, line[..., 0].ravel(), line[..., 1].ravel(), radius, bright.ravel(), tone)
        for i in range(NODES):
            pulse = 0.75 + 0.25 * np.sin(turn * 2 + start[i, 0])
            glow(canvas, node[i, 0], node[i, 1], size[i] * 4.2, colours[i], 0.5 * pulse)
            glow(canvas, node[i, 0], node[i, 1], size[i], palette.high, 0.95 * pulse)

    return paint


def _spread(home: np.ndarray, aspect: float) -> np.ndarray:
    """One step of points pushing their neighbours away, kept around the picture."""
    delta = home[:, None] - home[None]
    gap = np.linalg.norm(delta, axis=-1, keepdims=True) + 1e-6
    moved = home + (delta / gap * np.clip(0.2 - gap, 0, 1) * 0.3).sum(axis=1)
    return np.asarray(np.clip(moved, (-0.06, -0.06), (1.06, 1.06 * aspect)))
