"""Published data sets, read as reels and events: one file a data set.

Each module has `NAME`, `reels(directory)` and `events(directory)`; both yield things in the files' order, with `BadRow`
in the place of what can't be read, and raise InputError where the directory is not that data set.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reels.core.errors import BadRow
from reels.core.types import Event, Reel
from reels.ingest.datasets import kuairand, microlens, youtube


@dataclass(frozen=True, slots=True)
class Dataset:
    """How a published data set is read."""

    name: str
    reels: Callable[[Path], Iterator[Reel | BadRow]]
    events: Callable[[Path], Iterator[Event | BadRow]]


DATASETS: dict[str, Dataset] = {
    module.NAME: Dataset(module.NAME, module.reels, module.events) for module in (kuairand, microlens, youtube)
}
