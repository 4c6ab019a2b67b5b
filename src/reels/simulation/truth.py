"""What the simulator knows and the recommender must not: each reel's topic and quality."""

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reels.core.errors import BadSample
from reels.simulation.languages import languages
from reels.simulation.sample import REEL_COLUMNS, REELS_FILE, TRUTH_COLUMNS, TRUTH_FILE
from reels.simulation.topics import TOPIC_INDEX
from reels.simulation.viewers import Viewer, affinity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Truth:
    """n reels of a sample, one column each."""

    row_of: dict[str, int]
    """Row of each video id."""
    topic: Ints
    """Index into `TOPICS`."""
    quality: Floats
    """0..1."""
    language: Ints
    """Index into `languages()`."""
    duration_sec: Floats
    popularity: Floats
    """Views watched through, plus 10 a like and 20 a comment: what a feed without taste would order by."""

    def affinity(self, viewer: Viewer) -> Floats:
        """True affinity of `viewer` for every reel, (n,) in 0..1."""
        return affinity(viewer, self.topic, self.quality, self.language)


def load_truth(directory: Path) -> Truth:
    """Read the catalogue and its truth. Raises BadSample where a file is missing, cut short or of another sample."""
    reels = list(_rows(directory / REELS_FILE, REEL_COLUMNS))
    hidden = list(_rows(directory / TRUTH_FILE, TRUTH_COLUMNS))
    if [r["video_id"] for r in reels] != [r["video_id"] for r in hidden]:
        raise BadSample(str(directory / TRUTH_FILE), f"lists other reels than {REELS_FILE}; generate both anew")
    codes = [language.code for language in languages()]
    try:
        return Truth(
            row_of={r["video_id"]: i for i, r in enumerate(reels)},
            topic=np.array([TOPIC_INDEX[r["topic"]] for r in hidden], dtype=np.int64),
            quality=np.array([float(r["quality"]) for r in hidden]),
            language=np.array([codes.index(r["language"]) for r in reels], dtype=np.int64),
            duration_sec=np.array([float(r["duration_sec"]) for r in reels]),
            popularity=np.array([_popularity(r) for r in reels]),
        )
    except (ValueError, KeyError) as error:
        raise BadSample(str(directory), f"holds a value no sample has ({error})") from error


def _popularity(reel: dict[str, str]) -> float:
    watched = int(reel["views"]) * float(reel["retention_rate"] or 0.0)
    return watched + 10.0 * int(reel["likes"]) + 20.0 * int(reel["comments"])


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    if not path.is_file():
        raise BadSample(str(path), "not there; `reels generate` makes it")
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadSample(str(path), f"can't be read ({error})") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise BadSample(str(path), f"has no column {', '.join(missing)}")
    yield from reader
