"""MicroLens: every pair is a positive exposure, in the viewer's order."""

from pathlib import Path

import numpy as np

from reels.core.types import Event, EventKind, Reel
from reels.evaluation.log import Catalogue, Log, catalogue_of, log_of
from reels.ingest.datasets import microlens
from reels.learning.interactions import mask_of

NAME = microlens.NAME


def read(directory: Path) -> tuple[Catalogue, Log]:
    """Catalogue and log of the folder; rows that can't be read are left out. Raises InputError."""
    catalogue = catalogue_of([reel for reel in microlens.reels(directory) if isinstance(reel, Reel)])
    events = [event for event in microlens.events(directory) if isinstance(event, Event)]
    users = _numbers([event.user_id for event in events])
    rows = catalogue.rows_of([event.reel_id for event in events])
    at = np.array([event.occurred_at for event in events])
    kinds = np.full(len(events), mask_of(EventKind.LIKE), np.uint16)
    return catalogue, log_of(users, rows, at, np.ones(len(events), np.bool_), catalogue.n, kinds=kinds)


def _numbers(names: list[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Each distinct name's place in order of first appearance."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(name, len(seen)) for name in names], np.int64)
