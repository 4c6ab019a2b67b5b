"""Everything a page was computed from, as bytes, and the page computed again from them: bit for bit the same.

What the snapshot holds is not packed, only what it can't know: the viewer's state, which candidates were hidden, live
signals that differed from the snapshot, and the tail reels that were looked at. It is not compressed here: that was
half of what recording a page cost (0.2 ms), and MongoDB compresses what it writes.

The same bits come out on the same kind of processor with the same versions of numpy and numba; the number of BLAS
threads does not matter, because `compute` does not use BLAS.
"""

import zlib
from dataclasses import dataclass, fields, replace
from typing import Any

import numba
import numpy as np
import orjson
import xxhash
from numpy.typing import NDArray

from reels.core.errors import InputError, NoSnapshot
from reels.core.policy import Policy
from reels.core.types import FeedPage, FeedQuery, Floats, Mask, Rows, ServedFeed
from reels.core.user_state import pack as pack_state
from reels.core.user_state import unpack as unpack_state
from reels.recommender.membership import in_sorted
from reels.recommender.models import Models, build
from reels.recommender.pipeline import Pipeline, compute
from reels.recommender.stages import PageInputs
from reels.recommender.viewer import viewer_of

_MAGIC = b"RPI2"
"""Followed by the XXH3-64 of the rest, then what `_BEFORE` has without it."""
_BEFORE = b"RPI1"
"""Length of the texts (uint32), texts, columns. Compressed by zlib, with all columns, until 2026-11: still read."""
_LIVE = ("active", "trending", "impressions", "creator_impressions")
"""Columns that change between two snapshots."""
_OF_TAIL = (
    "keys", "creators", "published", "durations", "regions", "languages", "topics", "duplicates", "popularity",
    "origin", *_LIVE,
)  # fmt: skip
_OF_QUERY = tuple(one.name for one in fields(FeedQuery))
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Packed:
    """What `unpack` reads: texts and columns, before models are at hand."""

    head: dict[str, Any]
    columns: Columns


def pack(inputs: PageInputs, models: Models) -> bytes:
    """The inputs as bytes, to be computed again with the same snapshot."""
    viewer, rows = inputs.viewer, inputs.candidates
    looked_at = np.concatenate([rows, viewer.evidence.newest, inputs.above])
    late = np.unique(looked_at[looked_at >= models.base])
    keys = np.sort(models.keys[rows])
    live = _live(models, rows[rows < models.base])
    head = {
        "query": {name: getattr(inputs.query, name) for name in _OF_QUERY},
        "sources": inputs.sources,
        "degraded": inputs.degraded,
        "digest": inputs.state_digest,
        "snapshot": models.version,
        "json": [models.reel_json(int(row)).decode() for row in late],
    }
    columns: Columns = {
        "state": np.frombuffer(pack_state(viewer.state), np.uint8),
        "candidates": rows,
        "found_by": inputs.found_by,
        "above": inputs.above,
        "seen": viewer.seen[in_sorted(viewer.seen, keys)],
        "served": viewer.served[in_sorted(viewer.served, keys) | _twins(viewer.served, models, rows)],
        "late": late,
    }
    columns |= _late_of(models, late)
    columns |= {f"live_{name}": values for name, values in live.items()}
    return _to_bytes(head, columns)


def unpack(packed: bytes) -> Packed:
    """Texts and columns of packed inputs; InputError when these are not any."""
    try:
        raw = _checked(packed) if packed[:4] == _MAGIC else zlib.decompress(packed)
        if raw[:4] != _BEFORE:
            raise InputError(f"not packed inputs: they begin {raw[:4]!r}")
        size = int.from_bytes(raw[4:8], "little")
        head = orjson.loads(raw[8 : 8 + size])
        at, columns = 8 + size, {}
        for name, dtype, shape in head.pop("columns"):
            count = int(np.prod(shape))
            columns[name] = np.frombuffer(raw, dtype, count, at).reshape(shape)
            at += count * np.dtype(dtype).itemsize
    except (zlib.error, orjson.JSONDecodeError, ValueError, KeyError) as error:
        raise InputError(f"packed inputs of {len(packed)} bytes can't be read: {error}") from None
    return Packed(head, columns)


def _checked(packed: bytes) -> bytes:
    """Packed inputs without their checksum."""
    if xxhash.xxh3_64_digest(memoryview(packed)[12:]) != packed[4:12]:
        raise InputError(f"packed inputs of {len(packed)} bytes whose checksum does not fit")
    return _BEFORE + packed[12:]


def replay(served: ServedFeed, models: Models, policy: Policy, pipelines: dict[str, Pipeline]) -> FeedPage:
    """The recorded page computed again. `models` of the snapshot it was made with (their tail and signals are ignored).

    Timings and cursor are taken over: they are not computed from the inputs. NoSnapshot: models of another snapshot.
    """
    packed = unpack(served.inputs)
    if packed.head["snapshot"] != models.version:
        raise NoSnapshot(f"page {served.page.feed_id} was made with {packed.head['snapshot']}, not {models.version}")
    then = _models_then(packed, models)
    inputs, rows_then = _inputs(packed, then)
    page = compute(inputs, then, policy, pipelines[inputs.query.mode]).page
    items = tuple(replace(one, row=int(rows_then[one.row]) if one.row >= then.base else one.row) for one in page.items)
    return replace(page, items=items, next_cursor=served.page.next_cursor, timings_ms=served.page.timings_ms)


def _late_of(models: Models, late: Rows) -> Columns:
    """Columns of the tail reels that were looked at; none where none was."""
    if not len(late):
        return {}
    columns: Columns = {f"late_{name}": getattr(models, name)[late] for name in _OF_TAIL}
    return columns | {"late_content": models.content(late)}


def _live(models: Models, rows: Rows) -> Columns:
    """Live columns of those snapshot rows where they differ from the snapshot's own; none where none does."""
    snapshot = models.snapshot
    changed = rows[
        _differs(
            rows,
            models.trending,
            (models.active, snapshot.active),
            (models.impressions, snapshot.impressions),
            (models.creator_impressions, snapshot.creator_impressions),
        )
    ]
    if not len(changed):
        return {}
    return {"rows": changed} | {name: getattr(models, name)[changed] for name in _LIVE}


@numba.njit(cache=True, nogil=True)
def _differs(
    rows: Rows,
    trending: Floats,
    active: tuple[Mask, Mask],
    impressions: tuple[NDArray[np.int64], NDArray[np.int64]],
    creator_impressions: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Mask:
    out = np.zeros(len(rows), np.bool_)
    for i in range(len(rows)):
        row = rows[i]
        out[i] = (
            trending[row] != 0
            or active[0][row] != active[1][row]
            or impressions[0][row] != impressions[1][row]
            or creator_impressions[0][row] != creator_impressions[1][row]
        )
    return out


def _twins(served: NDArray[np.int64], models: Models, rows: Rows) -> NDArray[np.bool_]:
    """Which served reels are near-duplicates of a candidate."""
    at = models.rows_of(served)
    twin = in_sorted(models.duplicates[np.maximum(at, 0)], np.sort(models.duplicates[rows])) if models.n else at >= 0
    return twin & (at >= 0)


def _models_then(packed: Packed, models: Models) -> Models:
    """Models with the snapshot, the tail reels that were looked at, and the live signals of then."""
    columns, base = packed.columns, models.base
    plain = build(models.snapshot, orders=models.orders, retrieval=models.retrieval)
    changed: dict[str, Any] = {}
    for name in _OF_TAIL:
        column = getattr(plain, name)
        column = np.concatenate([column, columns.get(f"late_{name}", column[:0])])
        if name in _LIVE and "live_rows" in columns:
            column[columns["live_rows"]] = columns[f"live_{name}"]
        changed[name] = column
    keys = columns.get("late_keys", models.keys[:0])
    sort = np.argsort(keys, kind="stable").astype(np.int32)
    return replace(
        plain,
        **changed,
        tail_content=columns.get("late_content", models.tail_content[:0]),
        tail_json=tuple(one.encode() for one in packed.head["json"]),
        tail_keys=keys[sort],
        tail_rows=sort + np.int32(base),
    )


def _inputs(packed: Packed, then: Models) -> tuple[PageInputs, dict[int, int]]:
    """The inputs in the row numbers of `then`, and the row numbers of tail rows at the time."""
    columns, head = packed.columns, packed.head
    late = columns["late"]
    state = unpack_state(columns["state"].tobytes())
    inputs = PageInputs(
        query=FeedQuery(**head["query"]),
        viewer=viewer_of(state, then, columns["seen"], columns["served"]),
        candidates=_renumbered(columns["candidates"], late, then.base),
        found_by=columns["found_by"],
        sources=tuple(head["sources"]),
        above=_renumbered(columns["above"], late, then.base),
        degraded=tuple(head["degraded"]),
        state_digest=head["digest"],
    )
    return inputs, {then.base + i: row for i, row in enumerate(late.tolist())}


def _renumbered(rows: Rows, late: Rows, base: int) -> Rows:
    return np.where(rows >= base, base + np.searchsorted(late, rows), rows).astype(np.int32)


def _to_bytes(head: dict[str, Any], columns: Columns) -> bytes:
    head = head | {"columns": [(name, values.dtype.str, values.shape) for name, values in columns.items()]}
    text = orjson.dumps(head)
    body = b"".join((len(text).to_bytes(4, "little"), text, *(one.tobytes() for one in columns.values())))
    return b"".join((_MAGIC, xxhash.xxh3_64_digest(body), body))
