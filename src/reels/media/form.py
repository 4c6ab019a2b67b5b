"""The form of films: size, length, quality. Apart from the drawing: who only serves films loads no encoder."""

from dataclasses import dataclass

from reels.core.errors import ConfigError

VERSION = 1
"""Part of every file's name: raise it when films should be drawn anew."""


@dataclass(frozen=True, slots=True)
class FilmFormat:
    """Width and height in pixels, both even."""

    width: int = 540
    height: int = 960
    frames_per_sec: int = 24
    shortest_sec: float = 4.0
    longest_sec: float = 4.5
    quality: int = 26
    """x264's CRF: lower is better and bigger."""
    largest_bytes_per_sec: int = 150_000
    """x264's VBV ceiling: even confetti stays under 900 KB."""
    poster_quality: int = 80
    """JPEG's, 1 to 95."""

    def __post_init__(self) -> None:
        if self.width % 2 or self.height % 2 or self.width < 16 or self.height < 16:
            raise ConfigError(f"film of {self.width}x{self.height}: both sizes must be even and at least 16")
        if not 0 < self.shortest_sec <= self.longest_sec:
            raise ConfigError(f"films of {self.shortest_sec} to {self.longest_sec} s: give 0 < shortest <= longest")
