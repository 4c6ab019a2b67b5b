"""A sample of any size, written as it is made: Parquet files, a chunk of reels or viewers at a time.

reels.parquet          the documented columns, as `reels import reels` reads them
events.parquet         a history for every viewer, by viewer and time, as `reels import events` reads them
sample_viewers.jsonl   the viewers' true tastes
truth.parquet          topic and quality of each reel

The same config and seed give the same rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reels.core.types import EventKind
from reels.simulation.behaviour import Reactions, react
from reels.simulation.catalogue import Catalogue, Floats, Ints, make_catalogue
from reels.simulation.config import SampleConfig
from reels.simulation.exposures import Exposures, Shop
from reels.simulation.languages import languages
from reels.simulation.sample import VIEWERS_FILE
from reels.simulation.topics import TOPICS
from reels.simulation.viewers import Viewer, affinity, dump_viewers, make_viewers

REELS_FILE: Final = "reels.parquet"
EVENTS_FILE: Final = "events.parquet"
TRUTH_FILE: Final = "truth.parquet"
CHUNK: Final = 50_000
"""Reels written at once."""
VIEWERS_AT_ONCE: Final = 2_000

Watch = Callable[[str, int, int], None]
"""What is being made, how many of how many are done."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was written."""

    reels: int
    viewers: int
    events: int
    paths: tuple[Path, ...]


def generate(config: SampleConfig, rng: np.random.Generator, directory: Path, watch: Watch) -> Made:
    """Makes and writes everything into `directory` (made if missing, files replaced)."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = tuple(directory / name for name in (REELS_FILE, EVENTS_FILE, VIEWERS_FILE, TRUTH_FILE))
    watch("reels", 0, config.reels)
    catalogue = make_catalogue(config, rng)
    _write(paths[0], _reels(catalogue, watch))
    _write(paths[3], iter([_truth(catalogue)]))
    supply = np.zeros((len(languages()), len(TOPICS)))
    np.add.at(supply, (catalogue.language, catalogue.topic), 1.0)
    events = 0
    shop = Shop(catalogue)
    with paths[2].open("w", encoding="utf-8") as viewers_file:

        def histories() -> Iterator[pa.Table]:
            nonlocal events
            for start in range(0, config.viewers, VIEWERS_AT_ONCE):
                count = min(VIEWERS_AT_ONCE, config.viewers - start)
                viewers = make_viewers(count, supply, rng, first=start + 1, of=config.viewers)
                viewers_file.write(dump_viewers(viewers))
                table = _events(viewers, shop.exposures(viewers, config, rng), catalogue, config, rng)
                events += table.num_rows
                watch("viewers", start + count, config.viewers)
                yield table

        _write(paths[1], histories())
    return Made(len(catalogue), config.viewers, events, paths)


def _write(path: Path, tables: Iterator[pa.Table]) -> None:
    """All tables into one file; an empty one of no columns when there are none."""
    writer: pq.ParquetWriter | None = None
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is None:
            pq.write_table(pa.table({}), path)
    finally:
        if writer is not None:
            writer.close()


def _reels(reels: Catalogue, watch: Watch) -> Iterator[pa.Table]:
    spoken = languages()
    codes = np.array([one.code for one in spoken])
    widest = max(len(one.regions) for one in spoken)
    regions = np.array([[r.code for r in one.regions] + [""] * (widest - len(one.regions)) for one in spoken])
    names = np.array(reels.creators.creator_id)
    for start in range(0, len(reels), CHUNK):
        at = slice(start, start + CHUNK)
        creator, language = reels.creator[at], reels.language[at]
        yield pa.table(
            {
                "video_id": reels.video_id[at],
                "title": reels.title[at],
                "tags": ["|".join(tags) for tags in reels.tags[at]],
                "duration_sec": reels.duration_sec[at],
                "views": reels.views[at],
                "likes": reels.likes[at],
                "comments": reels.comments[at],
                "retention_rate": _rates(reels.retention_rate[at]),
                "first_3_sec_engagement": _rates(reels.first_3_sec_engagement[at]),
                "creator_id": names[creator],
                "published_at": pa.array(reels.published_at[at], pa.timestamp("s", "UTC")),
                "language": codes[language],
                "region": regions[language, reels.creators.region[creator]],
            }
        )
        watch("reels", min(start + CHUNK, len(reels)), len(reels))


def _rates(rates: Floats) -> pa.Array:
    return pa.array(rates, pa.float64(), from_pandas=True)  # NaN, nobody has watched, is written as missing


def _truth(reels: Catalogue) -> pa.Table:
    topics = np.array([topic.name for topic in TOPICS])[reels.topic]
    return pa.table({"video_id": reels.video_id, "topic": topics, "quality": np.round(reels.quality, 4)})


def _events(
    viewers: list[Viewer], shown: Exposures, reels: Catalogue, config: SampleConfig, rng: np.random.Generator
) -> pa.Table:
    """What the viewers did at these exposures, one row an event."""
    duration = reels.duration_sec[shown.reel].astype(np.float64)
    patience = np.array([one.patience for one in viewers])[shown.viewer]
    reactions = react(_loves(viewers, shown, reels), duration, patience, rng)
    shown_at = _moments(shown, reactions.watch_sec, rng)
    exposure, kind, step = _kinds(reactions)
    at = shown_at[exposure] + np.where(step > 0, reactions.watch_sec[exposure] + 0.1 * (step - 1), 0.0)
    past = at < config.now.timestamp()
    exposure, kind, at = exposure[past], kind[past], at[past]
    owner = shown.viewer[exposure]
    number = np.arange(len(owner)) - np.searchsorted(owner, owner)
    user_ids = np.array([one.user_id for one in viewers])[owner]
    timed = (kind == _WATCH) | (kind == _SKIP)
    watched = np.where(timed, reactions.watch_sec[exposure], np.nan)
    return pa.table(
        {
            "event_id": np.char.add(np.char.add(user_ids, "-"), number.astype(str)),
            "user_id": user_ids,
            "reel_id": np.array(reels.video_id, object)[shown.reel[exposure]],
            "kind": pa.array(_NAMES[kind]),
            "occurred_at": pa.array((at * 1000).astype(np.int64), pa.timestamp("ms", "UTC")),
            "watch_sec": _rates(watched),
            "duration_sec": _rates(np.where(timed, duration[exposure], np.nan)),
        }
    )


def _loves(viewers: list[Viewer], shown: Exposures, reels: Catalogue) -> Floats:
    """float64[m]: true affinity of each exposure's viewer for its reel."""
    loves = np.empty(len(shown.reel))
    ends = np.searchsorted(shown.viewer, np.arange(len(viewers) + 1))
    for one, start, end in zip(viewers, ends, ends[1:], strict=False):
        rows = shown.reel[start:end]
        loves[start:end] = affinity(one, reels.topic[rows], reels.quality[rows], reels.language[rows])
    return loves


def _moments(shown: Exposures, watch_sec: Floats, rng: np.random.Generator) -> Floats:
    """Epoch s at which each reel comes up: after those before it in its session and a pause each."""
    lasts = watch_sec + np.round(rng.uniform(0.3, 2.5, len(watch_sec)), 1)
    before = np.cumsum(lasts) - lasts
    new = np.ones(len(lasts), np.bool_)
    new[1:] = (shown.session_start[1:] != shown.session_start[:-1]) | (shown.viewer[1:] != shown.viewer[:-1])
    opened = before[np.flatnonzero(new)]
    return np.asarray(shown.session_start + before - opened[np.cumsum(new) - 1])


_NAMES = np.array([kind.value for kind in EventKind])
_PLACE = {kind: i for i, kind in enumerate(EventKind)}
_WATCH, _SKIP = _PLACE[EventKind.WATCH], _PLACE[EventKind.SKIP]


def _kinds(reactions: Reactions) -> tuple[Ints, Ints, Ints]:
    """(exposure, kind, place among its events) of each event, by exposure and then in the order they happen."""
    watched = np.where(reactions.skipped, _SKIP, _WATCH)
    m = len(watched)
    everything = np.stack(
        [
            np.full(m, _PLACE[EventKind.IMPRESSION]),
            watched,
            np.where(reactions.liked, _PLACE[EventKind.LIKE], -1),
            np.where(reactions.saved, _PLACE[EventKind.SAVE], -1),
            np.where(reactions.shared, _PLACE[EventKind.SHARE], -1),
            np.where(reactions.followed, _PLACE[EventKind.FOLLOW], -1),
            np.where(reactions.not_interested, _PLACE[EventKind.NOT_INTERESTED], -1),
        ],
        axis=1,
    )
    exposure, column = np.nonzero(everything >= 0)
    step = np.arange(len(exposure)) - np.searchsorted(exposure, exposure)
    return exposure, everything[exposure, column], step
