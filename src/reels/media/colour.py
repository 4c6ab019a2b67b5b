"""Colours and palettes. A colour is float32[3], sRGB in 0..1; mixing and hue turns happen in OKLab.

OKLab: B. Ottosson, "A perceptual color space for image processing" (2020). Ramps mixed there have no grey middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.floating[Any]]
Ramp = NDArray[np.floating[Any]]
"""float[n, 3]: n colours from the first stop to the last."""

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LAB, _FROM_LMS = np.linalg.inv(_TO_LAB), np.linalg.inv(_TO_LMS)


@dataclass(frozen=True, slots=True)
class Palette:
    """Four stops from dark to light, and one to four accents that stand out from them."""

    deep: Colour
    low: Colour
    mid: Colour
    high: Colour
    accents: tuple[Colour, ...]

    def ramp(self, size: int = 512) -> Ramp:
        """deep to high as float32[size, 3]."""
        return ramp((self.deep, self.low, self.mid, self.high), size)

    def accent(self, index: int) -> Colour:
        """The index-th accent, going round."""
        return self.accents[index % len(self.accents)]

    def turned(self, degrees: float, brightness: float = 1.0) -> "Palette":
        """The same palette with every hue turned by `degrees` and every lightness scaled."""
        colours = (self.deep, self.low, self.mid, self.high, *self.accents)
        deep, low, mid, high, *accents = (turn_hue(colour, degrees, brightness) for colour in colours)
        return Palette(deep, low, mid, high, tuple(accents))


def from_hex(code: str) -> Colour:
    """`"ff8800"` -> float32[3]."""
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / np.float32(255)


def palette(codes: str) -> Palette:
    """`"deep low mid high accent [accent ...]"`, each six hex digits."""
    deep, low, mid, high, *accents = (from_hex(code) for code in codes.split())
    return Palette(deep, low, mid, high, tuple(accents))


def to_oklab(colours: Colour) -> NDArray[np.float64]:
    """sRGB float[..., 3] in 0..1 -> OKLab float64[..., 3]."""
    rgb = np.asarray(colours, np.float64)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def from_oklab(lab: NDArray[np.float64]) -> NDArray[np.float32]:
    """OKLab float64[..., 3] -> sRGB float32[..., 3], clipped to 0..1."""
    linear = np.clip(((lab @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T, 0.0, 1.0)
    rgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.clip(rgb, 0.0, 1.0).astype(np.float32)


def ramp(stops: Sequence[Colour], size: int = 512) -> Ramp:
    """Evenly spaced stops joined through OKLab: float32[size, 3]."""
    lab = to_oklab(np.stack(stops))
    at = np.linspace(0, len(stops) - 1, size)
    channels = [np.interp(at, np.arange(len(stops)), lab[:, i]) for i in range(3)]
    return from_oklab(np.stack(channels, axis=-1))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of the second colour in the first."""
    one, two = to_oklab(first), to_oklab(second)
    return from_oklab(one + (two - one) * share)


def vivid(colour: Colour, chroma: float, lightness: float | None = None) -> Colour:
    """The colour at another OKLab chroma (0 = grey, 0.2 = strong) and, if given, lightness."""
    lab = to_oklab(colour)
    strength = max(float(np.hypot(lab[1], lab[2])), 1e-6)
    light = lab[0] if lightness is None else lightness
    return from_oklab(np.array([light, *(lab[1:] / strength * chroma)]))


def turn_hue(colour: Colour, degrees: float, brightness: float = 1.0) -> Colour:
    """The colour with its OKLab hue turned and its lightness scaled."""
    lightness, a, b = to_oklab(colour)
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return from_oklab(np.array([lightness * brightness, a * cos - b * sin, a * sin + b * cos]))


def derived_palette(rng: np.random.Generator) -> Palette:
    """A palette for a topic nobody chose one for: neighbouring hues from dark to light, accents across the circle.

    The dark end is never yellow: dark yellow is mud.
    """
    hue, sweep = 165 + rng.uniform(0, 215), rng.choice([-1, 1]) * rng.uniform(25, 60)
    stops = [(0.17, 0.05, 0.0), (0.34, 0.11, 0.33), (0.58, 0.14, 0.66), (0.86, 0.08, 1.0)]
    deep, low, mid, high = (_lch(light, chroma, hue + sweep * along) for light, chroma, along in stops)
    accents = tuple(_lch(0.76, 0.15, hue + turn) for turn in (sweep * 1.4, 150.0, 195.0))
    return Palette(deep, low, mid, high, accents)


def _lch(lightness: float, chroma: float, hue: float) -> Colour:
    angle = np.radians(hue)
    return from_oklab(np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)]))
