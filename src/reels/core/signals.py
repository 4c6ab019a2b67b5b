"""Signals shared by all API workers between two snapshots, as packed columns: recomputed, never added to.

    trending   which reels are watched far above their usual rate now, and how strongly (0..1)
    trials     how often reels have really been shown, all told: absolute counts, so that reading one twice is harmless

Layout, little-endian: magic `RSG1`, int64 n, float64 computed_at, int64[n] keys, float64[n] values.
"""

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reels.core.errors import InputError
from reels.core.keys import NO_KEYS, Keys

TRENDING = "trending"
TRIALS = "trials"
_HEAD = struct.Struct("<4sqd")
_MAGIC = b"RSG1"


def _nothing() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Signal:
    """One number for each of n reels: keys int64[n] ascending and distinct, values float64[n]."""

    keys: Keys = field(default_factory=lambda: NO_KEYS)
    values: NDArray[np.float64] = field(default_factory=_nothing)
    computed_at: float = 0.0


def make(keys: Keys, values: NDArray[np.float64], computed_at: float) -> Signal:
    """A signal from columns in any order; of equal keys the first counts."""
    distinct, at = np.unique(np.asarray(keys, np.int64), return_index=True)
    return Signal(distinct, np.asarray(values, np.float64)[at], computed_at)


def pack(signal: Signal) -> bytes:
    """As bytes, for `SignalStore.put_signals`."""
    head = _HEAD.pack(_MAGIC, len(signal.keys), signal.computed_at)
    return head + signal.keys.astype("<i8").tobytes() + signal.values.astype("<f8").tobytes()


def unpack(packed: bytes) -> Signal:
    """The signal; `InputError` when these are not its bytes."""
    if len(packed) < _HEAD.size:
        raise InputError(f"signal of {len(packed)} bytes is shorter than its head")
    magic, n, computed_at = _HEAD.unpack_from(packed)
    if magic != _MAGIC or len(packed) != _HEAD.size + 16 * n:
        raise InputError(f"not a packed signal: {len(packed)} bytes beginning {packed[:4]!r}")
    keys = np.frombuffer(packed, "<i8", n, _HEAD.size)
    values = np.frombuffer(packed, "<f8", n, _HEAD.size + 8 * n)
    return Signal(keys, values, computed_at)
