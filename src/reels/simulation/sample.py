"""The sample as a whole: made from a seed, written as the files of `datasets/`.

The same config and seed give the same bytes.
"""

import csv
import gzip
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from reels.simulation.catalogue import Catalogue, iso, make_catalogue
from reels.simulation.config import SampleConfig
from reels.simulation.events import SampleEvent, make_events
from reels.simulation.languages import languages
from reels.simulation.topics import TOPICS
from reels.simulation.viewers import Viewer, dump_viewers, make_viewers

REELS_FILE: Final = "reels_dataset.csv"
EVENTS_FILE: Final = "sample_events.csv.gz"
VIEWERS_FILE: Final = "sample_viewers.jsonl"
TRUTH_FILE: Final = "sample_truth.csv.gz"

REEL_COLUMNS: Final = (
    "video_id", "title", "tags", "duration_sec", "views", "likes", "comments", "retention_rate",
    "first_3_sec_engagement", "creator_id", "published_at", "language", "region",
)  # fmt: skip
EVENT_COLUMNS: Final = ("event_id", "user_id", "reel_id", "kind", "occurred_at", "watch_sec", "duration_sec")
TRUTH_COLUMNS: Final = ("video_id", "topic", "quality")


@dataclass(frozen=True, slots=True)
class Sample:
    """A catalogue, viewers with known tastes, and their histories."""

    config: SampleConfig
    catalogue: Catalogue
    viewers: list[Viewer]
    events: list[SampleEvent]


def generate(config: SampleConfig, rng: np.random.Generator) -> Sample:
    """Make a sample; all chance comes from `rng`."""
    catalogue = make_catalogue(config, rng)
    supply = np.zeros((len(languages()), len(TOPICS)))
    np.add.at(supply, (catalogue.language, catalogue.topic), 1.0)
    viewers = make_viewers(config.viewers, supply, rng)
    return Sample(config, catalogue, viewers, make_events(config, catalogue, viewers, rng))


def write(sample: Sample, directory: Path) -> list[Path]:
    """Write the four files into `directory` (made if missing, files replaced). Returns their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    contents = {
        REELS_FILE: _csv(REEL_COLUMNS, _reel_rows(sample.catalogue)).encode(),
        EVENTS_FILE: _gzip(_csv(EVENT_COLUMNS, _event_rows(sample))),
        VIEWERS_FILE: dump_viewers(sample.viewers).encode(),
        TRUTH_FILE: _gzip(_csv(TRUTH_COLUMNS, _truth_rows(sample.catalogue))),
    }
    for name, content in contents.items():
        (directory / name).write_bytes(content)
    return [directory / name for name in contents]


def _reel_rows(reels: Catalogue) -> Iterable[Sequence[object]]:
    spoken, creators = languages(), reels.creators
    for i, creator in enumerate(reels.creator):
        language = spoken[reels.language[i]]
        yield (
            reels.video_id[i], reels.title[i], "|".join(reels.tags[i]), reels.duration_sec[i],
            reels.views[i], reels.likes[i], reels.comments[i],
            _rate(reels.retention_rate[i]), _rate(reels.first_3_sec_engagement[i]),
            creators.creator_id[creator], iso(reels.published_at[i]),
            language.code, language.regions[creators.region[creator]].code,
        )  # fmt: skip


def _event_rows(sample: Sample) -> Iterable[Sequence[object]]:
    for number, event in enumerate(sample.events, start=1):
        moment = datetime.fromtimestamp(event.occurred_at, tz=UTC)
        yield (
            f"sample-{number:06d}", sample.viewers[event.viewer].user_id, sample.catalogue.video_id[event.reel],
            event.kind.value, moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "" if event.watch_sec is None else f"{event.watch_sec:.1f}", event.duration_sec or "",
        )  # fmt: skip


def _truth_rows(reels: Catalogue) -> Iterable[Sequence[object]]:
    for video_id, topic, quality in zip(reels.video_id, reels.topic, reels.quality, strict=True):
        yield video_id, TOPICS[topic].name, f"{quality:.4f}"


def _rate(rate: float) -> str:
    return "" if math.isnan(rate) else f"{rate:.4f}"


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _gzip(text: str) -> bytes:
    """Compressed without a time stamp, so that the same text is the same bytes."""
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)
