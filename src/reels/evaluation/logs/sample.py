"""A sample of `reels generate`, e.g. the committed one in `datasets/`: its catalogue and its viewers' histories.

Positive is what the models learn from, a value above 0 (`core.feedback`). The truth behind it is not looked at.
"""

from itertools import groupby
from pathlib import Path

import numpy as np

from reels.core.errors import InputError
from reels.core.keys import keys_of
from reels.core.ports import EventColumns
from reels.core.types import Event, EventKind, Reel
from reels.evaluation.log import Catalogue, Log, catalogue_of, log_of
from reels.ingest.files.events import read_events
from reels.ingest.files.reels import read_reels
from reels.learning.interactions import interactions_of
from reels.simulation.sample import EVENTS_FILE, REELS_FILE

NAME = "sample"
_KINDS = tuple(EventKind)


def read(directory: Path) -> tuple[Catalogue, Log]:
    """Catalogue and log of the folder. Raises InputError where it is no sample."""
    for name in (REELS_FILE, EVENTS_FILE):
        if not (directory / name).is_file():
            raise InputError(f"{directory}: no sample: {name} is not there; `reels generate` makes one")
    catalogue = catalogue_of([one for one in read_reels(directory / REELS_FILE) if isinstance(one, Reel)])
    events = [one for one in read_events(directory / EVENTS_FILE) if isinstance(one, Event)]
    events.sort(key=lambda one: one.user_id)
    pairs = interactions_of(_columns(events))
    rows = catalogue.rows_of_keys(pairs.reels)
    names = [name for name, _ in groupby(one.user_id for one in events)]
    numbers = {int(key): place for place, key in enumerate(keys_of(names).tolist())}
    users = np.array([numbers[key] for key in pairs.user_keys.tolist()], np.int64)[pairs.users]
    known = rows >= 0
    log = log_of(
        users[known],
        rows[known],
        pairs.at[known],
        pairs.values[known] > 0,
        catalogue.n,
        values=pairs.values[known],
        watched=pairs.watched[known],
        kinds=pairs.kinds[known],
    )
    return catalogue, log


def _columns(events: list[Event]) -> EventColumns:
    def seconds(name: str) -> list[float]:
        given = [getattr(one, name) for one in events]
        return [np.nan if one is None else one for one in given]

    return EventColumns(
        user_id=[one.user_id for one in events],
        reel=keys_of([one.reel_id for one in events]),
        kind=np.array([_KINDS.index(one.kind) for one in events], np.uint8),
        occurred_at=np.array([one.occurred_at for one in events], np.float64),
        watch_sec=np.array(seconds("watch_sec"), np.float32),
        duration_sec=np.array(seconds("duration_sec"), np.float32),
    )
