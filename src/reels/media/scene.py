"""What a motif gets: the canvas, the palette, chance, and coordinates that don't depend on the size of the film."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reels.media.canvas import SHRINK, Canvas, Field
from reels.media.colour import Colour, Palette, Ramp, ramp

TURN = 2 * np.pi

Painter = Callable[[float], None]
"""Paints the whole canvas for a phase in [0, 1). Phase 1 would be phase 0 again: the loop has no seam."""


@dataclass(frozen=True)
class Scene:
    """One film to be painted. `rng` is seeded by the reel; a motif draws all its chance before the first frame."""

    canvas: Canvas
    palette: Palette
    rng: np.random.Generator

    @property
    def width(self) -> int:
        """Pixels."""
        return self.canvas.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.canvas.height

    @property
    def unit(self) -> float:
        """Pixels of this film for one pixel of a 540-pixel-wide one."""
        return self.canvas.width / 540

    @cached_property
    def low_x(self) -> Field:
        """float32[1, w]: the small grid's columns, 0..1 across the width."""
        count = -(-self.width // SHRINK)
        return ((np.arange(count, dtype=np.float32) + np.float32(0.5)) / count)[None, :]

    @cached_property
    def low_y(self) -> Field:
        """float32[h, 1]: the small grid's rows, 0..1 down the height."""
        count = -(-self.height // SHRINK)
        return ((np.arange(count, dtype=np.float32) + np.float32(0.5)) / count)[:, None]

    @cached_property
    def columns(self) -> Field:
        """float32[width]: 0..1 across the width."""
        return (np.arange(self.width, dtype=np.float32) + np.float32(0.5)) / np.float32(self.width)

    @cached_property
    def rows(self) -> Field:
        """float32[height]: 0..1 down the height."""
        return (np.arange(self.height, dtype=np.float32) + np.float32(0.5)) / np.float32(self.height)

    def coloured(self, field: Field, ramp: Ramp) -> Field:
        """A small field in 0..1 -> the small picture float32[3, h, w], each value taking its colour of the ramp."""
        index = np.clip(field * np.float32(len(ramp) - 1), 0, len(ramp) - 1).astype(np.intp)
        return np.ascontiguousarray(np.take(ramp, index, axis=0).transpose(2, 0, 1))

    def spot(self, x: float, y: float, radius: float) -> Field:
        """float32[h, w] on the small grid: a round Gaussian light; x and y in 0..1, radius in widths."""
        aspect = self.height / self.width
        wide = np.exp(-(((self.low_x - np.float32(x)) / radius) ** 2))
        tall = np.exp(-(((self.low_y - np.float32(y)) * aspect / radius) ** 2))
        return np.asarray(wide * tall, np.float32)

    def swell(self, waves: int, scale: float, drift: int = 1) -> Callable[[float], Field]:
        """A smooth field about -1..1 on the small grid that heaves and comes back: a sum of plane waves.

        `scale` is wavelengths across the width; each wave drifts a whole number of turns, up to `drift`, a loop.
        """
        rng, aspect = self.rng, self.height / self.width
        angle, frequency = rng.uniform(0, TURN, waves), scale * rng.uniform(0.6, 1.4, waves)
        start = rng.uniform(0, TURN, waves)
        turns = rng.choice([-1, 1], waves) * rng.integers(1, drift + 1, waves)
        plane = [
            ((self.low_x * np.cos(a) + self.low_y * aspect * np.sin(a)) * f * TURN + s).astype(np.float32)
            for a, f, s in zip(angle, frequency, start, strict=True)
        ]

        def at(phase: float) -> Field:
            total = sum(np.sin(p + np.float32(TURN * phase * t)) for p, t in zip(plane, turns, strict=True))
            return np.asarray(total * np.float32(1 / np.sqrt(waves)), np.float32)

        return at

    def fractal(self, slope: float = 1.9) -> Field:
        """A still cloud on the small grid, mean 0, deviation 1: noise whose spectrum falls as 1/f^slope."""
        shape = self.low_y.shape[0], self.low_x.shape[1]
        frequency = np.hypot(
            np.fft.fftfreq(shape[0])[:, None] * shape[0], np.fft.rfftfreq(shape[1])[None, :] * shape[0]
        )
        spectrum = np.fft.rfft2(self.rng.normal(size=shape)) / np.maximum(frequency, 1) ** slope
        spectrum[0, 0] = 0
        cloud = np.fft.irfft2(spectrum, shape)
        return np.asarray(cloud / cloud.std(), np.float32)

    def vertical(self, *stops: Colour) -> Field:
        """The small picture float32[3, h, w] of a gradient from the top stop to the bottom one."""
        shade = ramp(stops, self.low_y.shape[0]).T[:, :, None]
        return np.repeat(shade, self.low_x.shape[1], axis=2)

    def some_accents(self, count: int) -> list[Colour]:
        """`count` accents drawn by chance."""
        return [self.palette.accent(int(i)) for i in self.rng.integers(0, len(self.palette.accents), count)]


def lit(picture: Field, light: Field, colour: Colour) -> Field:
    """A small picture float32[3, h, w] with light float32[h, w] of one colour added (screen)."""
    return np.asarray(picture + light * colour[:, None, None] * (1 - picture), np.float32)
