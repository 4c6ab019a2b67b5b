"""A viewer's state as bytes: a header, then raw columns, so that reading it copies nothing.

About 35 bytes a reel of the history and 18 a toggle. The bytes are canonical: equal states have equal bytes.
"""

import itertools
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from reels.core.errors import UnreadableState
from reels.core.types import Toggles, UserState

TOGGLES = ("liked", "saved", "not_interested", "following", "blocked")
"""What can be switched on and off, by its field in UserState; its place here is `Toggles.what`."""


def cut(
    texts: Sequence[str], reset_at: float, counts: Sequence[int], toggles: Toggles, **history: NDArray[Any]
) -> UserState:
    """A state of (user_id, region, language), how many of each toggle are on, and the columns of the history.

    What is liked, saved and so on is cut from the front of the toggles.
    """
    edges = [0, *itertools.accumulate(counts)]
    on: dict[str, Any] = {name: toggles.keys[edges[i] : edges[i + 1]] for i, name in enumerate(TOGGLES)}
    columns: dict[str, Any] = history
    user_id, region, language = texts
    return UserState(user_id, region, language, reset_at=reset_at, toggles=toggles, **columns, **on)


_MAGIC = b"RUS\x01"
_HEADER = struct.Struct("<4sQIIHHH5Id")
"""Magic with the version, XXH3-64 of all that follows, sizes of history, toggles and three strings, counts of what is
on, reset_at."""
_CHECKED_FROM = 12


def pack(state: UserState) -> bytes:
    """The state as bytes: header, strings, then the raw little-endian columns, widest first."""
    strings = [one.encode() for one in (state.user_id, state.region, state.language)]
    kept = state.toggles
    counts = [len(getattr(state, name)) for name in TOGGLES]
    sizes = (len(state.history), len(kept.keys), *map(len, strings), *counts)
    columns = (
        state.history, state.history_creator, kept.keys, state.history_at, kept.at,
        state.history_watched, state.history_value, state.history_kinds, kept.what, kept.on,
    )  # fmt: skip
    text = b"".join(strings)
    body = b"".join((text, b"\0" * _padding(len(text)), *(one.tobytes() for one in columns)))
    header = _HEADER.pack(_MAGIC, 0, *sizes, state.reset_at)
    check = xxhash.xxh3_64_intdigest(header[_CHECKED_FROM:] + body)
    return b"".join((_MAGIC, check.to_bytes(8, "little"), header[_CHECKED_FROM:], body))


def unpack(packed: bytes) -> UserState:
    """The state of these bytes; its columns are read-only views of them. UnreadableState: rebuild it."""
    if len(packed) < _HEADER.size or packed[:4] != _MAGIC:
        raise UnreadableState(f"a packed state of {len(packed)} bytes that begins with {packed[:4]!r}")
    _, check, n, m, *rest, reset_at = _HEADER.unpack_from(packed)
    if xxhash.xxh3_64_intdigest(memoryview(packed)[_CHECKED_FROM:]) != check:
        raise UnreadableState("a packed state whose checksum does not fit")
    lengths, counts = rest[:3], rest[3:]
    texts, at = [], _HEADER.size
    for length in lengths:
        texts.append(packed[at : at + length].decode())
        at += length
    at += _padding(sum(lengths))
    return _read_columns(packed, at, n, m, texts, counts, reset_at)


def _read_columns(
    packed: bytes, at: int, n: int, m: int, texts: list[str], counts: list[int], reset_at: float
) -> UserState:
    read = np.frombuffer
    wide = read(packed, np.int64, 2 * n + m, at)
    times = read(packed, np.float64, n + m, at + 8 * (2 * n + m))
    at += 8 * (3 * n + 2 * m)
    shares = read(packed, np.float32, 2 * n, at)
    kinds = read(packed, np.uint16, n, at + 8 * n)
    what = read(packed, np.uint8, m, at + 10 * n)
    on = read(packed, np.bool_, m, at + 10 * n + m)
    return cut(
        texts,
        reset_at,
        counts,
        Toggles(what, wide[2 * n :], times[n:], on),
        history=wide[:n],
        history_creator=wide[n : 2 * n],
        history_at=times[:n],
        history_watched=shares[:n],
        history_value=shares[n:],
        history_kinds=kinds,
    )


def _padding(length: int) -> int:
    """Zero bytes that bring the columns to an 8-byte boundary."""
    return -(_HEADER.size + length) % 8


def digest(state: UserState) -> str:
    """32 hex digits that differ when anything in the state differs."""
    return xxhash.xxh3_128_hexdigest(pack(state))
