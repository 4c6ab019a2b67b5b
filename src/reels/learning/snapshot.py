"""The snapshot: everything the offline jobs learnt, as one immutable directory of memory-mapped arrays.

<version>/
  manifest.json            version, space, sizes, checksums, metrics, regions, languages, topics
  keys.npy        int64[n] reel keys, ascending: the row of a reel is its place in here
  creators.npy    int64[n] creator keys                 published.npy   float64[n] epoch s (arrival where unknown)
  durations.npy   float32[n] s, NaN unknown             regions.npy, languages.npy  int16[n], -1 unknown
  topics.npy      int16[n] content cluster, -1 none     duplicates.npy  int32[n] near-duplicate group (own row if alone)
  active.npy      bool[n]                               impressions.npy int64[n] shown so far
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
  reels.bin, reels_offsets.npy   int64[n+1]: ready-made JSON of each reel's public fields, an object without
                                 its braces: `"reel_id":"..","title":"..","tags":[..],"creator_id":"..",
                                 "duration_sec":..,"media_url":"..","poster_url":".."`
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.types import Floats, Times


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
