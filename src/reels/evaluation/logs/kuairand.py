"""KuaiRand exposures as columns: sequences up to 04-24, then the log with its twelve signals.

Positive is the data set's `is_positive` where the file has it, else a long view, like, follow, comment or forward; of
the sequences a long view or a like. Comments and long views have no event kind of ours, which is why the files are
read here once more instead of through events: the label of the published results must not be guessed at.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from reels.core.errors import InputError
from reels.core.feedback import EXPLICIT, NOT_INTERESTED, watch_value
from reels.core.types import EventKind, Reel
from reels.evaluation.log import Catalogue, Log, catalogue_of, log_of
from reels.ingest.datasets import kuairand
from reels.learning.interactions import mask_of

NAME = kuairand.NAME
GOOD = ("long_view", "is_like", "is_follow", "is_comment", "is_forward")
MARKS = {"music": "music_id", "kind": "video_type", "upload": "upload_type"}
"""What the catalogue says of a reel beyond `core.types.Reel`: name here and column there."""
_watch_value = np.vectorize(watch_value, otypes=[np.float64])


def read(directory: Path) -> tuple[Catalogue, Log]:
    """Catalogue and log of the folder. Raises InputError where it is not KuaiRand."""
    catalogue = catalogue_of([reel for reel in kuairand.reels(directory) if isinstance(reel, Reel)])
    catalogue = replace(catalogue, marks=_marks(directory, catalogue))
    parts = [_sequences(pq.read_table(file), catalogue) for file in sorted(directory.glob("*_per_user.parquet"))]
    parts += [_exposures(pq.read_table(file)) for file in sorted(directory.glob("events_*.parquet"))]
    parts += [_exposures(pacsv.read_csv(file)) for file in sorted(directory.glob("log_*.csv"))]
    if not parts:
        raise InputError(f"{directory}: not KuaiRand: no log_*.csv, events_*.parquet or *_per_user.parquet")
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    reels = catalogue.rows_of([str(reel) for reel in columns.pop("reel")])
    known = reels >= 0
    columns = {name: column[known] for name, column in columns.items()}
    return catalogue, log_of(columns.pop("user"), reels[known], n=catalogue.n, **columns)


def _marks(directory: Path, catalogue: Catalogue) -> dict[str, NDArray[np.int32]]:
    """int32[n] codes of `MARKS`, -1 = not known."""
    tables = [pacsv.read_csv(file) for file in sorted(directory.glob("video_features_basic_*.csv"))]
    found = {name: np.full(catalogue.n, -1, np.int32) for name in MARKS}
    for table in tables:
        rows = catalogue.rows_of([str(one) for one in table["video_id"].to_pylist()])
        for name, column in MARKS.items():
            if column in table.column_names:
                codes = pc.fill_null(pc.dictionary_encode(table[column]).combine_chunks().indices, -1)
                found[name][rows[rows >= 0]] = np.asarray(codes)[rows >= 0]
    return found


def _exposures(table: pa.Table) -> dict[str, NDArray[Any]]:
    def column(name: str) -> NDArray[Any]:
        return np.asarray(table[name])

    kinds = np.where(column("play_time_ms") > 0, mask_of(EventKind.WATCH), mask_of(EventKind.IMPRESSION))
    said = np.zeros(len(kinds))
    for name, kind in kuairand.SIGNALS.items():
        there = column(name) > 0
        kinds = np.where(there, kinds | mask_of(kind), kinds)
        said = np.where(there, np.maximum(said, EXPLICIT.get(kind, 0.0)), said)
    duration = column("duration_ms").astype(np.float64)
    share = np.divide(column("play_time_ms"), duration, out=np.full(len(kinds), np.nan), where=duration > 0)
    watched = np.where(column("play_time_ms") > 0, share, np.nan)
    values = np.where(said > 0, said, _watch_value(watched))
    labels = ("is_positive",) if "is_positive" in table.column_names else GOOD
    positive = np.any([column(name) > 0 for name in labels], axis=0)
    return {
        "user": column("user_id"),
        "reel": column("video_id"),
        "at": column("time_ms") / 1000.0,
        "positive": positive,
        "values": np.where(column("is_hate") > 0, NOT_INTERESTED, values),
        "watched": watched,
        "kinds": kinds.astype(np.uint16),
        "surface": column("tab"),
    }


def _sequences(table: pa.Table, catalogue: Catalogue) -> dict[str, NDArray[Any]]:
    """As `ingest.datasets.kuairand`: a minute apart up to the last known time; a long view is once through."""
    lengths = np.asarray(pc.list_value_length(table["watch_seq"]))
    user = np.repeat(np.asarray(table["user_id"]), lengths)
    reel = np.asarray(pc.list_flatten(table["watch_seq"]))
    from_end = np.repeat(np.cumsum(lengths), lengths) - 1 - np.arange(len(user))
    at = np.repeat(np.asarray(table["last_time_ms"]) / 1000.0, lengths) - from_end * kuairand.APART_SEC
    liked, long = (_is_among(table, name, user, reel) for name in ("like_seq", "long_watch_seq"))
    kinds = np.where(liked, mask_of(EventKind.WATCH, EventKind.LIKE), mask_of(EventKind.WATCH))
    watched = np.where(long, 1.0, np.nan)
    return {
        "user": user,
        "reel": reel,
        "at": at,
        "positive": liked | long,
        "values": np.where(liked, EXPLICIT[EventKind.LIKE], _watch_value(watched)),
        "watched": watched,
        "kinds": kinds.astype(np.uint16),
        "surface": np.full(len(user), -1),
    }


def _is_among(table: pa.Table, name: str, user: NDArray[Any], reel: NDArray[Any]) -> NDArray[np.bool_]:
    lengths = np.asarray(pc.fill_null(pc.list_value_length(table[name]), 0))
    owner, member = np.repeat(np.asarray(table["user_id"]), lengths), np.asarray(pc.list_flatten(table[name]))
    return np.isin(user.astype(np.int64) << 32 | reel, owner.astype(np.int64) << 32 | member)
