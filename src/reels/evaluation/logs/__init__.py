"""Where logs come from: a published data set's folder, a generated sample's, or what was imported. One file each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reels.evaluation.log import Catalogue, Log
from reels.evaluation.logs import kuairand, microlens, sample


@dataclass(frozen=True, slots=True)
class Source:
    """A published data set that can be evaluated on."""

    name: str
    read: Callable[[Path], tuple[Catalogue, Log]]
    """Raises InputError where the folder is not that data set."""


SOURCES: dict[str, Source] = {module.NAME: Source(module.NAME, module.read) for module in (kuairand, microlens, sample)}
