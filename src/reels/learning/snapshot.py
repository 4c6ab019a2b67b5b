"""The snapshot: everything the offline jobs learnt, as one immutable directory of memory-mapped arrays.

<version>/
  manifest.json            version, space, sizes, checksums, metrics, regions, languages, topics
  keys.npy        int64[n] reel keys, ascending: the row of a reel is its place in here
  creators.npy    int64[n] creator keys                 published.npy   float64[n] epoch s (arrival where unknown)
  durations.npy   float32[n] s, NaN unknown             regions.npy, languages.npy  int16[n], -1 unknown
  topics.npy      int16[n] content cluster, -1 none     duplicates.npy  int32[n] near-duplicate group (own row if alone)
  active.npy      bool[n]                               impressions.npy int64[n] shown so far, here or elsewhere
  usual_rate.npy  float32[n] events per second usual for the reel
  creator_impressions.npy  int64[n] shown so far of the reel's creator
  content.npy     float32[n, d] unit rows, zero = no content signal
  projection.npy  float32[D, d], centre.npy float32[D]: unit(project(raw - centre)) puts a new reel's raw vector here
  cf_{indptr,indices,weights}.npy     symmetric item-item neighbours, CSR, weights 0..1, best first within a row
  next_{indptr,indices,weights}.npy   directional "watched next", CSR, likewise
  factors.npy     float32[n, k] item factors of the matrix factorization; zero = never seen
  gramian.npy     float32[k, k] factors^T factors, for folding a viewer in
  popularity.npy  float32[n] 0..1 overall
  popularity_by_region.npy   float32[R, n]              popularity_by_language.npy float32[L, n]
  words.*         terms of each reel (`learning.words`) and its nearest by them
  ease.*          item-item table of the linear model (`learning.ease`)
  recent.*        likes fading with several half-lives, and the stage of each reel (`learning.recency`)
  ranker.*        trees of the learned ranker (`recommender.ranker.trees`) and the learned weights of the blend
  newcomers.*     new reels after known ones (`learning.newcomers`)
  sequence.*      the sequence model (`learning.sequence.SequenceModel`)
  <group>.<array>.npy      further tables by name, each a group of `GROUPS`; a snapshot has a group whole or not at all
  reels.bin, reels_offsets.npy   int64[n+1]: ready-made JSON of each reel's public fields, an object without
                                 its braces: `"reel_id":"..","title":"..","tags":[..],"creator_id":"..",
                                 "duration_sec":..,"media_url":"..","poster_url":".."`

`write` makes a whole directory or none; `open_snapshot` maps one read-only and refuses what its manifest does not say.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from reels.core.errors import BadSnapshot
from reels.core.keys import Keys
from reels.core.types import Floats, Times

FORMAT = 1
"""Counted up when the directory's layout changes; other formats are refused."""
MANIFEST = "manifest.json"

SHAPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "keys": ("int64", ("n",)),
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
    "content": ("float32", ("n", "d")),
    "projection": ("float32", ("D", "d")),
    "centre": ("float32", ("D",)),
    "cf_indptr": ("int64", ("n+1",)),
    "cf_indices": ("int32", ("cf",)),
    "cf_weights": ("float32", ("cf",)),
    "next_indptr": ("int64", ("n+1",)),
    "next_indices": ("int32", ("next",)),
    "next_weights": ("float32", ("next",)),
    "factors": ("float32", ("n", "k")),
    "gramian": ("float32", ("k", "k")),
    "popularity": ("float32", ("n",)),
    "popularity_by_region": ("float32", ("R", "n")),
    "popularity_by_language": ("float32", ("L", "n")),
    "reels": ("uint8", ("bytes",)),
    "reels_offsets": ("int64", ("n+1",)),
}
"""dtype and symbolic shape of every array; equal letters are equal lengths, checked on writing and opening."""

Shapes = dict[str, tuple[str, tuple[str, ...]]]
GROUPS: dict[str, Shapes] = {
    "index": {"packed": ("uint8", ("bytes",)), "probes": ("int32", ("one",))},
    "sequence": {
        "items": ("float32", ("n", "width")),
        "bias": ("float32", ("n",)),
        "unmet": ("float32", ("one",)),
        "text": ("float32", ("d", "width")),
        "positions": ("float32", ("length", "width")),
        "matrices": ("float32", ("layers", "eight", "width", "width")),
        "vectors": ("float32", ("blocks", "eleven", "width")),
    },
    "words": {
        "terms": ("int32", ("n", "terms")),
        "term_weights": ("float32", ("n", "terms")),
        "alike_indptr": ("int64", ("n+1",)),
        "alike_indices": ("int32", ("alike",)),
        "alike_weights": ("float32", ("alike",)),
    },
    "ease": {
        "ease_indptr": ("int64", ("n+1",)),
        "ease_indices": ("int32", ("ease",)),
        "ease_weights": ("float32", ("ease",)),
    },
    "newcomers": {
        "after_indptr": ("int64", ("n+1",)),
        "after_indices": ("int32", ("after",)),
        "after_weights": ("float32", ("after",)),
    },
    "recent": {
        "counts": ("float32", ("ages", "n")),
        "half_lives": ("float32", ("ages",)),
        "stage": ("float32", ("n",)),
    },
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
        "blend": ("float32", ("parts",)),
        "normalisation": ("uint8", ("name",)),
    },
}
"""Further tables that a snapshot may be without, as `SHAPES`: by the name of the group, then of the array.

To add a table: its group here, and a job (or a fit in `evaluation.snapshots`) whose result has the name of the group,
these arrays, and `keys`, the reels of its rows. `assembly` carries it into the snapshot: what has the dimension `n` by
rows, `x_indptr, x_indices, x_weights` as a table of neighbours if its indices are rows (`NEIGHBOURS`). Letters other
than those of `SHAPES` are the group's own. A program that does not know a group does not look at it; one that knows it
opens snapshots without it: neither needs another `FORMAT`.
"""
SHARED = frozenset({"n", "n+1", "d", "k", "R", "L", "D"})
"""Letters that mean the same in every group."""
NEIGHBOURS: dict[str, tuple[str, ...]] = {"words": ("alike",), "ease": ("ease",), "newcomers": ("after",)}
"""Which tables `x` of a group are neighbours: their indices are rows of the snapshot."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A sparse table in CSR: the neighbours of row r are indices[indptr[r]:indptr[r+1]], best first."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    weights: Floats


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
    content: Floats
    projection: Floats
    centre: Floats
    cf: Neighbours
    next: Neighbours
    factors: Floats
    gramian: Floats
    popularity: Floats
    popularity_by_region: Floats
    popularity_by_language: Floats
    reels: NDArray[np.uint8]
    reels_offsets: NDArray[np.int64]
    groups: Mapping[str, Mapping[str, NDArray[Any]]] = field(default_factory=dict)
    """The groups of `GROUPS` that are there."""

    def table(self, group: str, name: str) -> Neighbours:
        """The CSR table `name` of a group that is there; KeyError when it is not."""
        arrays = self.groups[group]
        return Neighbours(*(arrays[f"{name}_{one.name}"] for one in fields(Neighbours)))


def _arrays(snapshot: Snapshot) -> Iterator[tuple[str, NDArray[Any]]]:
    for one in fields(snapshot):
        value = getattr(snapshot, one.name)
        if isinstance(value, Neighbours):
            for part in fields(value):
                yield f"{one.name}_{part.name}", getattr(value, part.name)
        elif one.name not in ("manifest", "groups"):
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
            _sync(path)
            checksums[path.name], sizes[path.name] = _checksum(path), path.stat().st_size
        whole = replace(manifest, checksums=checksums, sizes=sizes)
        (draft / MANIFEST).write_text(json.dumps(asdict(whole), indent=1, ensure_ascii=False), encoding="utf-8")
        _sync(draft / MANIFEST)
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


def open_snapshot(directory: Path, *, verify: bool = False) -> Snapshot:
    """Maps a snapshot read-only. Sizes and shapes are always checked, checksums with `verify` (reads every byte).

    Raises BadSnapshot naming every file that is missing, cut short, altered or of another shape.
    """
    manifest = read_manifest(directory)
    wrong, arrays = [], {}
    for name in (*SHAPES, *_grouped(manifest)):
        path = directory / _file_of(name)
        try:
            if (size := path.stat().st_size) != manifest.sizes.get(path.name):
                wrong.append(f"{path.name} has {size} bytes, expected {manifest.sizes.get(path.name)}")
            elif verify and _checksum(path) != manifest.checksums.get(path.name):
                wrong.append(f"{path.name} does not have its checksum")
            else:
                arrays[name] = _open_array(path)
        except FileNotFoundError:
            wrong.append(f"{path.name} is missing")
        except (OSError, ValueError) as error:
            wrong.append(f"{path.name}: {error}")
    if not wrong:
        snapshot = _assemble(manifest, arrays)
        wrong = wrong_shapes(snapshot)
    if wrong:
        raise BadSnapshot(f"snapshot {directory}: {'; '.join(wrong)}")
    return snapshot


def _grouped(manifest: Manifest) -> list[str]:
    """Names of all arrays of the groups of which the manifest names any file."""
    named = {file.partition(".")[0] for file in manifest.sizes if file.count(".") == 2}
    return [f"{group}.{name}" for group, arrays in GROUPS.items() if group in named for name in arrays]


def _assemble(manifest: Manifest, arrays: dict[str, NDArray[Any]]) -> Snapshot:
    groups: dict[str, dict[str, NDArray[Any]]] = {}
    for name in [name for name in arrays if "." in name]:
        group, _, inner = name.partition(".")
        groups.setdefault(group, {})[inner] = arrays.pop(name)
    parts: dict[str, Any] = {name: array for name, array in arrays.items() if not name.startswith(("cf_", "next_"))}
    for table in ("cf", "next"):
        parts[table] = Neighbours(*(arrays[f"{table}_{one.name}"] for one in fields(Neighbours)))
    return Snapshot(manifest=manifest, groups=groups, **parts)


def empty_snapshot(version: str = "none", *, space: str = "", raw_dim: int = 0, content_dim: int = 0) -> Snapshot:
    """A snapshot of no reels, for the time before the first training; shapes as any other's."""
    manifest = Manifest(version, 0.0, space, 0, content_dim, 0, (), (), (), 0, 0)
    lengths = {"D": raw_dim, "d": content_dim, "n+1": 1}
    arrays = {
        name: np.zeros([lengths.get(dim, 0) for dim in dims], np.dtype(dtype)) for name, (dtype, dims) in SHAPES.items()
    }
    return _assemble(manifest, arrays)
