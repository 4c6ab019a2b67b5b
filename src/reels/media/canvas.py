"""The picture a motif paints on, and the brushes.

Pixels are float32[3, height, width], sRGB in 0..1. Soft fields are painted small and enlarged (16 bits a channel,
bicubic, 0.35 ms a channel at 540x960); crisp shapes are painted at full size on the few pixels they touch.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from reels.media.colour import Colour, Ramp

Field = NDArray[np.floating[Any]]
Pixels = NDArray[np.float32]

SHRINK = 3
"""Soft fields have a third of the width and height: a ninth of the work, and no eye sees it."""

BLOCK = 60
"""Rows made into bytes at a time: 130 KB of floats."""


class Canvas:
    """One picture, painted over and over. Sizes in pixels; not for use by two threads at once."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.pixels: Pixels = np.zeros((3, height, width), np.float32)
        self._scratch = np.empty((BLOCK, width), np.float32)
        self._dither = _gradient_noise(width, height)
        self._reformatter = VideoReformatter()

    def enlarge(self, field: Field, into: Pixels | None = None) -> Field:
        """A small float32[h, w] in 0..1 -> float32[height, width] in 0..1, written `into` an array if given."""
        small = np.clip(field, 0, 1) * np.float32(65535)
        frame = av.VideoFrame.from_ndarray(small.astype(np.uint16), format="gray16le")
        large = self._reformatter.reformat(
            frame, self.width, self.height, "gray16le", interpolation=Interpolation.BICUBIC
        )
        return np.multiply(large.to_ndarray(), np.float32(1 / 65535), out=into, dtype=np.float32)

    def wash(self, low: Field) -> None:
        """Cover everything with a small float32[3, h, w] picture."""
        for channel in range(3):
            self.enlarge(low[channel], into=self.pixels[channel])

    def print_ramp(self, field: Field, ramp: Ramp) -> None:
        """Cover everything: a full-size field in 0..1, each value in its colour; crisp where the ramp is."""
        index = np.clip(field * np.float32(len(ramp) - 1), 0, len(ramp) - 1).astype(np.intp)
        for channel in range(3):
            np.take(np.ascontiguousarray(ramp[:, channel]), index, out=self.pixels[channel], mode="clip")

    def to_bytes(self) -> NDArray[np.uint8]:
        """The picture as uint8[3, height, width], dithered: a dark gradient has no bands."""
        picture = np.empty(self.pixels.shape, np.uint8)
        self.print_to(tuple(picture))
        return picture

    def print_to(self, planes: Sequence[NDArray[np.uint8]]) -> None:
        """Write the dithered picture into three uint8[height, width]; in blocks that stay in the CPU's cache."""
        for pixels, plane in zip(self.pixels, planes, strict=True):
            for top in range(0, self.height, BLOCK):
                rows = slice(top, top + BLOCK)
                scaled = np.multiply(pixels[rows], np.float32(255), out=self._scratch[: len(plane[rows])])
                scaled += self._dither[rows]
                np.clip(scaled, 0, 255, out=scaled)
                np.copyto(plane[rows], scaled, casting="unsafe")

    def over(self, left: int, top: int, alpha: Field, colour: Colour) -> None:
        """Lay a colour over the picture: alpha float32[h, w] with its corner at (left, top), wholly inside."""
        patch = self._patch(left, top, alpha)
        patch += alpha * (colour[:, None, None] - patch)

    def light(self, left: int, top: int, alpha: Field, colour: Colour) -> None:
        """Add light (screen): never above white, never darker."""
        patch = self._patch(left, top, alpha)
        patch += (alpha * colour[:, None, None]) * (1 - patch)

    def _patch(self, left: int, top: int, alpha: Field) -> Pixels:
        height, width = alpha.shape
        return self.pixels[:, top : top + height, left : left + width]

    def window(self, x: float, y: float, reach: float) -> tuple[int, int, Field, Field] | None:
        """The pixels within `reach` of (x, y): left, top, dx float32[w], dy float32[h]; None when all are outside."""
        left, right = max(0, int(x - reach)), min(self.width, int(x + reach) + 2)
        top, bottom = max(0, int(y - reach)), min(self.height, int(y + reach) + 2)
        if left >= right or top >= bottom:
            return None
        dx = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - x)
        dy = np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - y)
        return left, top, dx, dy


def disc(
    canvas: Canvas, x: float, y: float, radius: float, colour: Colour, alpha: float, soft: float = 1.0, rim: float = 0.0
) -> None:
    """A disc of light with an edge `soft` pixels wide; `rim` in 0..1 makes it a lens blur, brighter at its edge."""
    window = canvas.window(x, y, radius + soft)
    if window is None or alpha <= 0:
        return
    left, top, dx, dy = window
    away = np.sqrt(dx[None, :] ** 2 + dy[:, None] ** 2)
    cover = np.clip((radius - away) / soft + 0.5, 0, 1) * np.float32(alpha)
    if rim:
        cover *= (1 - rim) + rim * np.minimum(away / radius, 1) ** 4
    canvas.light(left, top, cover, colour)


def glow(canvas: Canvas, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
    """A round Gaussian light; `radius` is where it has fallen to 1/e."""
    window = canvas.window(x, y, 2.4 * radius)
    if window is None or strength <= 0:
        return
    left, top, dx, dy = window
    wide, tall = np.exp(-((dx / radius) ** 2)), np.exp(-((dy / radius) ** 2))
    canvas.light(left, top, tall[:, None] * (wide * np.float32(strength))[None, :], colour)


def points(canvas: Canvas, x: Field, y: Field, radius: Field, strength: Field, colours: Field) -> None:
    """Many small lights at once: x, y, radius, strength float[n], colours float[n, 3]. Additive, subpixel."""
    if not len(x):
        return
    reach = int(np.ceil(2 * radius.max()))
    offset = np.arange(-reach, reach + 1)
    columns, rows = np.floor(x).astype(int)[:, None] + offset, np.floor(y).astype(int)[:, None] + offset
    x, y, radius = x[:, None], y[:, None], radius[:, None]
    wide = np.exp(-(((columns + 0.5 - x) / radius) ** 2)) * ((columns >= 0) & (columns < canvas.width))
    tall = np.exp(-(((rows + 0.5 - y) / radius) ** 2)) * ((rows >= 0) & (rows < canvas.height))
    weight = (tall[:, :, None] * wide[:, None, :] * strength[:, None, None]).astype(np.float32)
    row, column = np.clip(rows, 0, canvas.height - 1), np.clip(columns, 0, canvas.width - 1)
    flat = row[:, :, None] * canvas.width + column[:, None, :]
    for channel in range(3):
        plane = canvas.pixels[channel].reshape(-1)
        np.add.at(plane, flat.ravel(), (weight * colours[:, channel, None, None]).ravel())


def ribbon(pixels: Pixels, centre: Field, half: Field, colour: Colour, alpha: Field) -> None:
    """A soft line across all columns; centre (rows), half width, alpha: float[width]. Transposed: a line down."""
    reach = int(np.ceil(half.max() * 2.3)) + 1
    rows = np.floor(centre).astype(int)[None, :] + np.arange(-reach, reach + 1)[:, None]
    away = np.abs(rows + np.float32(0.5) - centre)
    cover = (np.exp(-((away / half) ** 2)) * alpha).astype(np.float32)
    seen = (rows >= 0) & (rows < pixels.shape[1]) & (cover > 0.003)
    row, column = rows[seen], np.broadcast_to(np.arange(len(centre)), rows.shape)[seen]
    cover = cover[seen]
    for channel in range(3):
        old = pixels[channel][row, column]
        pixels[channel][row, column] = old + cover * colour[channel] * (1 - old)


def fill_below(canvas: Canvas, edge: Field, top: Colour, bottom: Colour, depth: float, alpha: float = 1.0) -> None:
    """Fill under a curve (edge: rows, float[width]) with a gradient that takes `depth` rows from top to bottom."""
    first = int(np.clip(np.floor(edge.min()) - 1, 0, canvas.height))
    solid = int(np.clip(np.ceil(edge.max()) + 1, first, canvas.height))
    rows = np.arange(first, canvas.height, dtype=np.float32)
    share = np.clip((rows - first) / max(depth, 1.0), 0, 1)
    colours = top[:, None] + (bottom - top)[:, None] * share
    band = canvas.pixels[:, first:solid]
    cover = np.clip(rows[: solid - first, None] + 1 - edge[None, :], 0, 1) * np.float32(alpha)
    band += cover * (colours[:, : solid - first, None] - band)
    rest = canvas.pixels[:, solid:]
    if alpha >= 1:
        rest[:] = colours[:, solid - first :, None]
    else:
        rest += np.float32(alpha) * (colours[:, solid - first :, None] - rest)


def rotated(window: tuple[int, int, Field, Field], angle: float) -> tuple[Field, Field]:
    """The window's pixels in the turned frame of a shape: along, across, each float32[h, w]."""
    _, _, dx, dy = window
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return dx[None, :] * cos + dy[:, None] * sin, dy[:, None] * cos - dx[None, :] * sin


def steps(count: int) -> Iterator[float]:
    """The phases of a loop: count values in [0, 1), so that the last frame leads into the first."""
    return (index / count for index in range(count))


def _gradient_noise(width: int, height: int) -> Field:
    """Interleaved gradient noise in 0..1 (Jimenez 2014): a fixed, even grain costs the encoder one frame, not all."""
    x, y = np.arange(width, dtype=np.float64)[None, :], np.arange(height, dtype=np.float64)[:, None]
    return np.asarray(52.9829189 * ((0.06711056 * x + 0.00583715 * y) % 1.0) % 1.0, np.float32)
