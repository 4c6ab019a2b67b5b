"""Papercut: sheets of coloured paper cut into each other, each throwing a shadow on the next."""

import numpy as np

from reels.media.colour import Ramp, mix
from reels.media.scene import Painter, Scene

SHEETS = 7
RAMP_SIZE = 4096


def papercut(scene: Scene) -> Painter:
    """The contours of a slowly heaving landscape, as stacked paper."""
    rng, canvas = scene.rng, scene.canvas
    sheets = _sheets(scene)
    land, detail = scene.swell(4, 0.55), scene.swell(5, 1.25)
    hollow = rng.uniform(0.3, 0.7, 2)

    def paint(phase: float) -> None:
        height = 0.58 + 0.19 * land(phase) + 0.055 * detail(phase) - 0.5 * scene.spot(hollow[0], hollow[1], 0.45)
        canvas.print_ramp(canvas.enlarge(np.clip(height, 0, 0.999)), sheets)

    return paint


def _sheets(scene: Scene) -> Ramp:
    """The ramp: within a sheet it begins in the shadow of the one above and clears; edges are antialiased."""
    palette = scene.palette
    stops = [mix(palette.deep, palette.low, 0.35), palette.low, palette.mid, palette.high]
    base = np.stack(
        [stops[0], *(mix(stops[int(k)], stops[min(int(k) + 1, 3)], k % 1) for k in np.linspace(0.35, 2.9, SHEETS - 1))]
    )
    base[SHEETS // 2] = mix(palette.accent(0), palette.mid, 0.25)
    at = np.linspace(0, SHEETS, RAMP_SIZE, endpoint=False)
    sheet, inside = at.astype(int), at % 1
    shadow = 1 - 0.5 * np.exp(-(1 - inside) / 0.14) * (sheet < SHEETS - 1)
    lip = 1 + 0.16 * np.exp(-inside / 0.03) * (sheet > 0)
    colours = base[sheet] * (shadow * lip)[:, None]
    edge = np.clip(inside / 0.022, 0, 1)[:, None]
    below = base[np.maximum(sheet - 1, 0)] * 0.5
    ramp: Ramp = np.where(sheet[:, None] > 0, below + (colours - below) * edge, colours)
    return np.clip(ramp, 0, 1)
