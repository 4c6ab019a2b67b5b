"""The snapshot: everything the offline jobs learnt, as one immutable directory of memory-mapped arrays.

<version>/
  manifest.json            version, space, sizes, checksums, metrics, regions, languages, topics
  keys.npy        int64[n] reel keys, ascending: the row of a reel is its place in here
  rows.npy        int32[n] 0, 1, 2, ...: to be continued and changed by a reader (`Snapshot.continued`)
  creators.npy    int64[n] creator keys                 published.npy   float64[n] epoch s (arrival where unknown)
  durations.npy   float32[n] s, NaN unknown             regions.npy, languages.npy  int16[n], -1 unknown
  topics.npy      int16[n] content cluster, -1 none     duplicates.npy  int32[n] near-duplicate group (own row if alone)
  active.npy      bool[n]                               impressions.npy int64[n] shown so far, here or elsewhere
  usual_rate.npy  float32[n] events per second usual for the reel
  creator_impressions.npy  int64[n] shown so far of the reel's creator
  content_{codes,scales}.npy      int8[n, d], float32[n] unit rows as 8-bit codes (`learning.codes`), zero = no
                                  content signal
  projection.npy  float32[D, d], centre.npy float32[D]: unit(project(raw - centre)) puts a new reel's raw vector here
  cf_{indptr,indices,codes,scales}.npy     symmetric item-item neighbours, CSR, best first within a row; weight in 0..1
                                           = scale of the row (float32[n]) * code (uint8)
  next_{indptr,indices,codes,scales}.npy   directional "watched next", likewise
  factors_{codes,scales}.npy      int8[n, k], float32[n] item factors of the matrix factorization; zero = never seen
  gramian.npy     float32[k, k] factors^T factors, for folding a viewer in
  popularity.npy  float32[n] 0..1 overall
  region_best.npy float32[R], language_best.npy float32[L]: the highest popularity of a reel from there
                  (`learning.popularity.seen_from`)
  orders.*        rows in the orders that every request begins from, and the creators (`learning.orders`)
  head.*          factors of the reels that the factorization searches (`learning.orders`)
  words.*         terms of each reel (`learning.words`) and its nearest by them
  ease.*          item-item table of the linear model (`learning.ease`)
  recent.*        likes fading with several half-lives, and the stage of each reel (`learning.recency`)
  watch.*         usual watching by duration (`learning.watch_value`)
  shares.*        how many candidates each source gets under the learned ranker (`recommender.shares`)
  ranker.*        trees of the learned ranker (`recommender.ranker.trees`) and the learned weights of the blend
  newcomers.*     new reels after and beside known ones, factors from content (`learning.newcomers`)
  shallow.*       the shallow sequence model (`learning.shallow.ShallowModel`)
  sequence.*      the sequence model (`learning.sequence.SequenceModel`)
  <group>.<array>.npy      further tables by name, each a group of `GROUPS`; a snapshot has a group whole or not at all
  reels.bin, reels_offsets.npy   int64[n+1]: ready-made JSON of each reel's public fields, an object without
                                 its braces: `"reel_id":"..","title":"..","tags":[..],"creator_id":"..",
                                 "duration_sec":..,"media_url":"..","poster_url":".."`

Behind the last row of a column of `ROOMY` are zero bytes: room in which a reader continues the column for reels that
came later, in its own pages, while the rows before stay the pages that all workers share (`Room`).

VERIFIED says of each file how it was (size, times) when its checksum was last found right: who opens a snapshot reads
only what has changed since, so that of all workers on a machine one reads it whole, and none where it was written.

`write` makes a whole directory or none; `open_snapshot` maps one read-only and refuses what its manifest does not say.
"""

import fcntl
import json
import mmap
import os
import shutil
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from reels.core.errors import BadSnapshot
from reels.core.keys import Keys
from reels.core.types import Floats, Times
from reels.learning.codes import Codes

FORMAT = 2
"""Counted up when the directory's layout changes; other formats are refused."""
MANIFEST = "manifest.json"
VERIFIED = "VERIFIED"

SHAPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "keys": ("int64", ("n",)),
    "rows": ("int32", ("n",)),
    "creators": ("int64", ("n",)),
    "published": ("float64", ("n",)),
    "durations": ("float32", ("n",)),
    "regions": ("int16", ("n",)),
    "languages": ("int16", ("n",)),
    "topics": ("int16", ("n",)),
    "duplicates": ("int32", ("n",)),
    "active": ("bool", ("n",)),
    "impressions": ("int64", ("n",)),
    "creator_impressions": ("int64", ("n",)),
    "usual_rate": ("float32", ("n",)),
    "content_codes": ("int8", ("n", "d")),
    "content_scales": ("float32", ("n",)),
    "projection": ("float32", ("D", "d")),
    "centre": ("float32", ("D",)),
    "cf_indptr": ("int64", ("n+1",)),
    "cf_indices": ("int32", ("cf",)),
    "cf_codes": ("uint8", ("cf",)),
    "cf_scales": ("float32", ("n",)),
    "next_indptr": ("int64", ("n+1",)),
    "next_indices": ("int32", ("next",)),
    "next_codes": ("uint8", ("next",)),
    "next_scales": ("float32", ("n",)),
    "factors_codes": ("int8", ("n", "k")),
    "factors_scales": ("float32", ("n",)),
    "gramian": ("float32", ("k", "k")),
    "popularity": ("float32", ("n",)),
    "region_best": ("float32", ("R",)),
    "language_best": ("float32", ("L",)),
    "reels": ("uint8", ("bytes",)),
    "reels_offsets": ("int64", ("n+1",)),
}
"""dtype and symbolic shape of every array; equal letters are equal lengths, checked on writing and opening."""

Shapes = dict[str, tuple[str, tuple[str, ...]]]


def _table(name: str) -> Shapes:
    """The arrays of a table of neighbours in a group."""
    return {
        f"{name}_indptr": ("int64", ("n+1",)),
        f"{name}_indices": ("int32", (name,)),
        f"{name}_codes": ("uint8", (name,)),
        f"{name}_scales": ("float32", ("n",)),
    }


GROUPS: dict[str, Shapes] = {
    "index": {"packed": ("uint8", ("bytes",)), "probes": ("int32", ("one",))},
    "orders": {
        "popular": ("int32", ("n",)),
        "newest": ("int32", ("n",)),
        "recent": ("int32", ("recent",)),
        "by_region": ("int32", ("R", "kept")),
        "by_language": ("int32", ("L", "kept")),
        "creators": ("int64", ("creators",)),
        "creator_since": ("float64", ("creators",)),
        "creator_first": ("int64", ("creators+1",)),
        "by_creator": ("int32", ("n",)),
        "topic_centres": ("float32", ("topics", "d")),
        "usual_popularity": ("float32", ("one",)),
    },
    "head": {"rows": ("int32", ("head",)), "codes": ("int8", ("head", "k")), "scales": ("float32", ("head",))},
    "sequence": {
        "items_codes": ("int8", ("n", "width")),
        "items_scales": ("float32", ("n",)),
        "bias": ("float32", ("n",)),
        "unmet": ("float32", ("one",)),
        "text": ("float32", ("d", "width")),
        "positions": ("float32", ("towers", "length", "part")),
        "matrices": ("float32", ("towers", "layers", "eight", "part", "part")),
        "vectors": ("float32", ("towers", "blocks", "eleven", "part")),
    },
    "shallow": {
        "items_codes": ("int8", ("n", "across")),
        "items_scales": ("float32", ("n",)),
        "bias": ("float32", ("n",)),
        "unmet": ("float32", ("one",)),
        "text": ("float32", ("d", "across")),
        "fades": ("float32", ("fades",)),
        "matrices": ("float32", ("fades", "across", "across")),
        "length": ("float32", ("one",)),
    },
    "words": {
        "terms": ("int32", ("n", "terms")),
        "term_weights_codes": ("int8", ("n", "terms")),
        "term_weights_scales": ("float32", ("n",)),
        **_table("alike"),
    },
    "ease": _table("ease"),
    "newcomers": {**_table("after"), **_table("beside"), "factors": ("float32", ("d", "k"))},
    "recent": {
        "counts": ("float32", ("ages", "n")),
        "half_lives": ("float32", ("ages",)),
        "stage": ("float32", ("n",)),
    },
    "watch": {"edges": ("float32", ("inner",)), "seconds": ("float32", ("bins", "points"))},
    "shares": {"sources": ("uint8", ("letters",)), "places": ("float32", ("sources",))},
    "ranker": {
        "columns": ("uint8", ("letters",)),
        "feature": ("int32", ("nodes",)),
        "limit": ("float32", ("nodes",)),
        "missing_left": ("bool", ("nodes",)),
        "left": ("int32", ("nodes",)),
        "right": ("int32", ("nodes",)),
        "value": ("float64", ("nodes",)),
        "lost": ("uint16", ("nodes",)),
        "leaves": ("float64", ("trees", "sixteen")),
        "roots": ("int32", ("trees",)),
        "linear_columns": ("uint8", ("names",)),
        "linear": ("float32", ("linear",)),
        "mixed": ("float32", ("two",)),
        "blend": ("float32", ("parts",)),
        "normalisation": ("uint8", ("name",)),
    },
}
"""Further tables that a snapshot may be without, as `SHAPES`: by the name of the group, then of the array.

To add a table: its group here, and a job (or a fit in `evaluation.snapshots`) whose result has the name of the group,
these arrays, and `keys`, the reels of its rows. `assembly` carries it into the snapshot: what has the dimension `n` by
rows, `x_indptr, x_indices, x_weights` as a table of neighbours (`_table`) if its indices are rows (`NEIGHBOURS`), rows
of many numbers as 8-bit codes (`CODED`). Letters other than those of `SHAPES` are the group's own. A program that does
not know a group does not look at it; one that knows it opens snapshots without it: neither needs another `FORMAT`.
"""
SHARED = frozenset({"n", "n+1", "d", "k", "R", "L", "D"})
"""Letters that mean the same in every group."""
NEIGHBOURS: dict[str, tuple[str, ...]] = {"words": ("alike",), "ease": ("ease",), "newcomers": ("after", "beside")}
"""Which tables `x` of a group are neighbours: their indices are rows of the snapshot."""
CODED: dict[str, tuple[str, ...]] = {"words": ("term_weights",), "sequence": ("items",), "shallow": ("items",)}
"""Which results `x` of a group, float32[n, ...], are kept as `x_codes, x_scales` (`learning.codes`)."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A sparse table in CSR as it is fitted: the neighbours of row r are indices[indptr[r]:indptr[r+1]], best first."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    weights: Floats


@dataclass(frozen=True, slots=True)
class Table:
    """The same as a snapshot has it: weight = scales[r] * codes[at]."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    codes: NDArray[np.uint8]
    scales: Floats

    @classmethod
    def of(cls, table: Neighbours) -> "Table":
        """Each row's largest weight becomes 255; no weight above 0 becomes 0."""
        lengths = np.diff(table.indptr)
        scales = np.zeros(len(lengths), np.float32)
        filled = lengths > 0
        if filled.any():
            scales[filled] = np.maximum.reduceat(table.weights, table.indptr[:-1][filled]) / np.float32(255)
        of_each = np.repeat(scales, lengths)
        codes = np.divide(table.weights, of_each, out=np.zeros(len(of_each), np.float32), where=of_each > 0)
        codes = np.where(table.weights > 0, np.clip(np.rint(codes), 1, 255), 0).astype(np.uint8)
        return cls(table.indptr, table.indices, codes, scales)

    @property
    def weights(self) -> Floats:
        """float32[m]: all weights, made anew at each call; loops over rows read `scales` and `codes`."""
        return np.repeat(np.asarray(self.scales), np.diff(self.indptr)) * self.codes.astype(np.float32)


ROOMY = (
    "keys", "rows", "creators", "published", "durations", "regions", "languages", "topics", "duplicates", "active",
    "impressions", "creator_impressions", "popularity",
)  # fmt: skip
"""Columns that are continued for reels that come after the snapshot."""
_FAULT = 65_536
"""Bytes around a fault that the kernel maps at once."""


def room_of(rows: int) -> int:
    """Further rows there is room for; beyond, columns are copied."""
    return max(4096, rows // 16)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in the directory, and how good it is."""

    version: str
    created_at: float
    space: str
    rows: int
    content_dim: int
    factors: int
    regions: tuple[str, ...]
    languages: tuple[str, ...]
    topics: tuple[str, ...]
    """Name of each content cluster: its most telling tag or word."""
    events: int
    users: int
    factor_regularization: float = 0.01
    factor_alpha: float = 1.0
    """Confidence of an interaction: 1 + alpha * weight; with the regularization, what folding a viewer in needs."""
    metrics: dict[str, float] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    """XXH3-128 of each file, hex."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes of each file."""
    format: int = FORMAT
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An opened snapshot. Arrays as in the module's docstring, read-only."""

    manifest: Manifest
    keys: Keys
    rows: NDArray[np.int32]
    creators: Keys
    published: Times
    durations: Floats
    regions: NDArray[np.int16]
    languages: NDArray[np.int16]
    topics: NDArray[np.int16]
    duplicates: NDArray[np.int32]
    active: NDArray[np.bool_]
    impressions: NDArray[np.int64]
    creator_impressions: NDArray[np.int64]
    usual_rate: Floats
    content: Codes
    projection: Floats
    centre: Floats
    cf: Table
    next: Table
    factors: Codes
    gramian: Floats
    popularity: Floats
    region_best: Floats
    language_best: Floats
    reels: NDArray[np.uint8]
    reels_offsets: NDArray[np.int64]
    groups: Mapping[str, Mapping[str, NDArray[Any]]] = field(default_factory=dict)
    """The groups of `GROUPS` that are there."""
    room: "Room | None" = field(default=None, compare=False, repr=False)
    """Of an opened snapshot."""

    def table(self, group: str, name: str) -> Table:
        """The CSR table `name` of a group that is there; KeyError when it is not."""
        arrays = self.groups[group]
        return Table(*(arrays[f"{name}_{one.name}"] for one in fields(Table)))

    def coded(self, group: str, name: str) -> Codes:
        """The rows `name` of `CODED` in a group that is there."""
        arrays = self.groups[group]
        return Codes(arrays[f"{name}_codes"], arrays[f"{name}_scales"])

    def continued(self, name: str, more: NDArray[Any]) -> NDArray[Any]:
        """A column of `ROOMY` with `more` rows behind its own, writable and nobody else's.

        Of an opened snapshot the rows before stay the shared pages of the file until somebody writes into them.
        """
        column: NDArray[Any] = getattr(self, name)
        if self.room is None or (made := self.room.mapped(name, column, len(more))) is None:
            return np.concatenate([column, more.astype(column.dtype)])
        made[len(column) :] = more
        return made


class Room:
    """The open files of the roomy columns of one snapshot: they can be mapped anew, also after it was pruned."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[int, int, int, NDArray[Any]]] = {}

    def add(self, name: str, path: Path, column: NDArray[Any]) -> None:
        """Keep the file of a column open, until the room is forgotten."""
        handle = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, handle)
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            np.lib.format.read_array_header_1_0(file)
            begins = file.tell()
        self._files[name] = (handle, begins, os.fstat(handle).st_size, column)

    def mapped(self, name: str, column: NDArray[Any], more: int) -> NDArray[Any] | None:
        """The column and `more` rows of zeros, copied on writing; None where it is another one or has not the room."""
        handle, begins, size, own = self._files.get(name, (-1, 0, 0, column))
        rows = len(column) + more
        if handle < 0 or own is not column or not rows or begins + rows * column.itemsize > size:
            return None
        mapping = mmap.mmap(handle, begins + rows * column.itemsize, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
        made = np.frombuffer(mapping, column.dtype, rows, begins)
        made[: len(column) : max(1, _FAULT // column.itemsize)].any()  # page tables here, not at the first request
        return made


def _arrays(snapshot: Snapshot) -> Iterator[tuple[str, NDArray[Any]]]:
    for one in fields(snapshot):
        value = getattr(snapshot, one.name)
        if isinstance(value, Codes | Table):
            for part in fields(value):
                yield f"{one.name}_{part.name}", getattr(value, part.name)
        elif one.name not in ("manifest", "groups", "room"):
            yield one.name, value
    for group, arrays in snapshot.groups.items():
        for name, array in arrays.items():
            yield f"{group}.{name}", array


def _file_of(name: str) -> str:
    return "reels.bin" if name == "reels" else f"{name}.npy"


def wrong_shapes(snapshot: Snapshot) -> list[str]:
    """What contradicts `SHAPES`, one sentence each; empty = nothing."""
    manifest = snapshot.manifest
    lengths = {"n": manifest.rows, "n+1": manifest.rows + 1, "d": manifest.content_dim, "k": manifest.factors}
    lengths |= {"R": len(manifest.regions), "L": len(manifest.languages)}
    wrong = _wrong_groups(snapshot)
    if wrong:
        return wrong
    for name, array in _arrays(snapshot):
        dtype, dims = _expected(name)
        if array.dtype != np.dtype(dtype) or array.ndim != len(dims):
            wrong.append(f"{name}: {array.dtype}{list(array.shape)}, expected {dtype} with {len(dims)} dimensions")
            continue
        wrong += [
            f"{name}: length {size} of dimension {dim!r}, expected {lengths[dim]}"
            for dim, size in zip(dims, array.shape, strict=True)
            if lengths.setdefault(dim, size) != size
        ]
    return wrong


def _expected(name: str) -> tuple[str, tuple[str, ...]]:
    """dtype and dimensions of an array; letters that are a group's own bear its name."""
    group, dot, inner = name.partition(".")
    if not dot:
        return SHAPES[name]
    dtype, dims = GROUPS[group][inner]
    return dtype, tuple(dim if dim in SHARED else f"{group}.{dim}" for dim in dims)


def _wrong_groups(snapshot: Snapshot) -> list[str]:
    """Groups that nobody knows, or with other arrays than theirs."""
    wrong = []
    for group, arrays in snapshot.groups.items():
        expected = GROUPS.get(group)
        if expected is None:
            wrong.append(f"no group {group!r}; there are {', '.join(GROUPS) or 'none'}")
        elif set(arrays) != set(expected):
            wrong.append(f"group {group} has {', '.join(sorted(arrays))}, expected {', '.join(sorted(expected))}")
    return wrong


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checksum(path: Path) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write(root: Path, snapshot: Snapshot) -> Path:
    """Writes `root/<version>` and returns it: everything is on disk and complete, or nothing is there.

    Raises BadSnapshot when shapes contradict each other or the version exists already.
    """
    manifest = snapshot.manifest
    final, draft = root / manifest.version, root / f".{manifest.version}.{os.getpid()}.draft"
    if wrong := wrong_shapes(snapshot):
        raise BadSnapshot(f"snapshot {manifest.version} not written: {'; '.join(wrong)}")
    if final.exists():
        raise BadSnapshot(f"snapshot {final} exists already: versions are never overwritten")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        checksums, sizes = {}, {}
        for name, array in _arrays(snapshot):
            path = draft / _file_of(name)
            if name == "reels":
                array.tofile(path)
            else:
                np.save(path, np.ascontiguousarray(array), allow_pickle=False)
            if name in ROOMY:
                os.truncate(path, path.stat().st_size + room_of(manifest.rows) * array.itemsize)
            _sync(path)
            checksums[path.name], sizes[path.name] = _checksum(path), path.stat().st_size
        whole = replace(manifest, checksums=checksums, sizes=sizes)
        (draft / MANIFEST).write_text(json.dumps(asdict(whole), indent=1, ensure_ascii=False), encoding="utf-8")
        _sync(draft / MANIFEST)
        _note_verified(draft, {name: _stamp(draft / name) for name in sizes})
        _sync(draft)
        draft.rename(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _sync(root)
    return final


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a snapshot directory; BadSnapshot says what is wrong with it."""
    path = directory / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSnapshot(f"{path}: {error}") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        found = raw.get("format") if isinstance(raw, dict) else type(raw).__name__
        raise BadSnapshot(f"{path}: format {found!r}, expected {FORMAT}; run `reels jobs run`")
    try:
        lists = {name: tuple(raw[name]) for name in ("regions", "languages", "topics")}
        return Manifest(**{**raw, **lists})
    except (KeyError, TypeError) as error:
        raise BadSnapshot(f"{path}: {error}") from error


def _open_array(path: Path) -> NDArray[Any]:
    if path.suffix == ".bin":
        whole: NDArray[Any] = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
    else:
        whole = np.load(path, mmap_mode="r", allow_pickle=False)
    plain = whole.view(np.ndarray)  # indexing the memmap subclass costs 117 us where this costs 31
    plain.setflags(write=False)
    return plain


def verify_snapshot(directory: Path) -> None:
    """Reads every file against its checksum that has changed since that was last done, one process at a time.

    Raises BadSnapshot naming the files that are missing or altered.
    """
    manifest = read_manifest(directory)
    with _alone(directory):
        known = _noted(directory)
        wrong, stamps = [], dict[str, list[int]]()
        for name in (*SHAPES, *_grouped(manifest)):
            path = directory / _file_of(name)
            try:
                stamps[path.name] = _stamp(path)
                if known.get(path.name) != stamps[path.name] and _checksum(path) != manifest.checksums.get(path.name):
                    wrong.append(f"{path.name} does not have its checksum")
            except FileNotFoundError:
                wrong.append(f"{path.name} is missing")
            except OSError as error:
                wrong.append(f"{path.name}: {error}")
        if wrong:
            raise BadSnapshot(f"snapshot {directory}: {'; '.join(wrong)}")
        if known != stamps:
            _note_verified(directory, stamps)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise BadSnapshot(f"{directory}: {error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _stamp(path: Path) -> list[int]:
    """Another one whenever the file has been written to or put in the place of another."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _noted(directory: Path) -> dict[str, list[int]]:
    """How each file was when it was last verified."""
    try:
        noted = json.loads((directory / VERIFIED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _note_verified(directory: Path, stamps: dict[str, list[int]]) -> None:
    """Where the directory can't be written to, everybody reads it whole."""
    draft = directory / f".{VERIFIED}.{os.getpid()}"
    with suppress(OSError):
        draft.write_text(json.dumps(stamps), encoding="utf-8")
        draft.replace(directory / VERIFIED)


def open_snapshot(directory: Path, *, verify: bool = False) -> Snapshot:
    """Maps a snapshot read-only. Sizes and shapes are always checked, checksums with `verify` (`verify_snapshot`).

    Raises BadSnapshot naming every file that is missing, cut short, altered or of another shape.
    """
    manifest = read_manifest(directory)
    wrong, arrays, room = [], {}, Room()
    for name in (*SHAPES, *_grouped(manifest)):
        path = directory / _file_of(name)
        try:
            if (size := path.stat().st_size) != manifest.sizes.get(path.name):
                wrong.append(f"{path.name} has {size} bytes, expected {manifest.sizes.get(path.name)}")
            else:
                arrays[name] = _open_array(path)
                if name in ROOMY:
                    room.add(name, path, arrays[name])
        except FileNotFoundError:
            wrong.append(f"{path.name} is missing")
        except (OSError, ValueError) as error:
            wrong.append(f"{path.name}: {error}")
    if not wrong and verify:
        verify_snapshot(directory)
    if not wrong:
        snapshot = _assemble(manifest, arrays, room)
        wrong = wrong_shapes(snapshot)
    if wrong:
        raise BadSnapshot(f"snapshot {directory}: {'; '.join(wrong)}")
    return snapshot


def _grouped(manifest: Manifest) -> list[str]:
    """Names of all arrays of the groups of which the manifest names any file."""
    named = {file.partition(".")[0] for file in manifest.sizes if file.count(".") == 2}
    return [f"{group}.{name}" for group, arrays in GROUPS.items() if group in named for name in arrays]


def _assemble(manifest: Manifest, arrays: dict[str, NDArray[Any]], room: Room | None = None) -> Snapshot:
    groups: dict[str, dict[str, NDArray[Any]]] = {}
    for name in [name for name in arrays if "." in name]:
        group, _, inner = name.partition(".")
        groups.setdefault(group, {})[inner] = arrays.pop(name)
    parts: dict[str, Any] = dict(arrays)
    for kind, names in ((Table, ("cf", "next")), (Codes, ("content", "factors"))):
        for of in names:
            parts[of] = kind(*(parts.pop(f"{of}_{one.name}") for one in fields(kind)))
    return Snapshot(manifest=manifest, groups=groups, room=room, **parts)


def empty_snapshot(version: str = "none", *, space: str = "", raw_dim: int = 0, content_dim: int = 0) -> Snapshot:
    """A snapshot of no reels, for the time before the first training; shapes as any other's."""
    manifest = Manifest(version, 0.0, space, 0, content_dim, 0, (), (), (), 0, 0)
    lengths = {"D": raw_dim, "d": content_dim, "n+1": 1}
    arrays = {
        name: np.zeros([lengths.get(dim, 0) for dim in dims], np.dtype(dtype)) for name, (dtype, dims) in SHAPES.items()
    }
    return _assemble(manifest, arrays)
