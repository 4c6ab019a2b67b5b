"""A candidate set as bytes for Redis: raw columns, read in microseconds.

Layout, little-endian: magic `RCS2`, int32 n, int32 m, float64 built_at, three int32 lengths, then the texts (snapshot;
sources and failed, joined by NUL), padding to 8 bytes, int64[n] keys, int64[m] newest, uint32[n] found_by.
"""

import struct

import numpy as np

from reels.core.errors import InputError
from reels.core.types import CandidateSet

_HEAD = struct.Struct("<4siid3i")
_MAGIC = b"RCS2"


def pack(found: CandidateSet) -> bytes:
    """The set as bytes."""
    texts = [found.snapshot.encode(), "\0".join(found.sources).encode(), "\0".join(found.failed).encode()]
    lengths = [len(one) for one in texts]
    head = _HEAD.pack(_MAGIC, len(found.keys), len(found.newest), found.built_at, *lengths)
    return b"".join(
        (
            head,
            *texts,
            b"\0" * _padding(sum(lengths)),
            found.keys.astype("<i8").tobytes(),
            found.newest.astype("<i8").tobytes(),
            found.found_by.astype("<u4").tobytes(),
        )
    )


def unpack(packed: bytes) -> CandidateSet:
    """The set in these bytes; `InputError` when it is not one (then it is built anew)."""
    if len(packed) < _HEAD.size or packed[:4] != _MAGIC:
        raise InputError(f"not a packed candidate set: {len(packed)} bytes beginning {packed[:4]!r}")
    _, n, m, built_at, *lengths = _HEAD.unpack_from(packed)
    at = _HEAD.size + sum(lengths) + _padding(sum(lengths))
    if min(n, m, *lengths) < 0 or len(packed) != at + 12 * n + 8 * m:
        raise InputError(f"packed candidate set of {len(packed)} bytes, expected {at + 12 * n + 8 * m}")
    texts, start = [], _HEAD.size
    for length in lengths:
        texts.append(packed[start : start + length].decode())
        start += length
    return CandidateSet(
        keys=np.frombuffer(packed, "<i8", n, at),
        found_by=np.frombuffer(packed, "<u4", n, at + 8 * (n + m)),
        sources=tuple(texts[1].split("\0")) if texts[1] else (),
        snapshot=texts[0],
        built_at=built_at,
        failed=tuple(texts[2].split("\0")) if texts[2] else (),
        newest=np.frombuffer(packed, "<i8", m, at + 8 * n),
    )


def _padding(length: int) -> int:
    return -(_HEAD.size + length) % 8
