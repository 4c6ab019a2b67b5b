"""YouTube's daily trending lists (`USvideos.csv` and its sisters, Kaggle "Trending YouTube Video Statistics").

A catalogue only: one row a video and day; the newest row of a video holds. There are no viewers and no durations.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from reels.core.errors import BadRow, InputError
from reels.core.types import Event, Reel
from reels.ingest.files.reels import read_reels

NAME = "youtube"


def reels(directory: Path) -> Iterator[Reel | BadRow]:
    """Reels of every `??videos.csv`; the file's first two letters are the region."""
    files = sorted(directory.glob("??videos.csv"))
    if not files:
        raise InputError(f"{directory}: not the YouTube trending data: no file like USvideos.csv")
    for file in files:
        region = file.name[:2].upper()
        for reel in read_reels(file):
            yield reel if isinstance(reel, BadRow) else replace(reel, region=region)


def events(directory: Path) -> Iterator[Event | BadRow]:
    """None: the data set has no viewers."""
    return iter(())
