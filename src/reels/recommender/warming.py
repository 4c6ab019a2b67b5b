"""Compiles everything a request runs, with the very arrays it will run on, so that no viewer waits for a compiler."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reels.core.keys import NO_KEYS
from reels.core.policy import LEARNED, Policy
from reels.core.types import Event, EventKind, FeedQuery, User
from reels.core.user_state import fold, new_state, pack, unpack
from reels.recommender import replay
from reels.recommender.candidates import packing
from reels.recommender.candidates.generator import Found
from reels.recommender.membership import in_sorted
from reels.recommender.models import Models
from reels.recommender.pipeline import compute
from reels.recommender.ranker.trees import trees_of
from reels.recommender.render import page_json
from reels.recommender.stages import PageInputs
from reels.recommender.standard import MODES, generators, pipelines
from reels.recommender.viewer import viewer_of


def warm(models: Models, now: float) -> None:
    """Builds candidates and pages for a made-up viewer in every mode. A few seconds the first time, then cached."""
    events = [_watched(models, row, 0.01 if row % 2 else 1.0, now) for row in range(min(8, models.n))]
    for policy in (Policy(), LEARNED) if trees_of(models.snapshot) is not None else (Policy(),):
        _warm_with(models, policy, events, now)


def _warm_with(models: Models, policy: Policy, events: Sequence[Event], now: float) -> None:
    for state in (new_state(User("warm", 0.0)), unpack(pack(fold(new_state(User("warm", 0.0)), events)))):
        for mode in MODES:
            query = FeedQuery("warm", 10, now, 1, "0" * 32, mode=mode)
            shown = models.keys[:3]
            viewer = viewer_of(state, models, state.history, shown)
            generator = generators()[mode]
            found = generator.build(query, viewer, models, policy)
            for cached in (found, packing.unpack(packing.pack(replace(found, newest=NO_KEYS)))):
                merged = generator.at_request(cached, query, viewer, models, policy)
                inputs = PageInputs(query, viewer, merged.rows, merged.found_by, generator.names, models.rows_of(shown))
                page_json(compute(inputs, models, policy, pipelines()[mode]).page, models)
                replay.pack(inputs, models)
                in_sorted(cached.keys, np.sort(shown))
            generator.rest(Found(merged.rows[:1], merged.found_by[:1]), models, 1, lambda rows: rows >= 0)


def _watched(models: Models, row: int, share: float, now: float) -> Event:
    reel_id = models.reel(row)["reel_id"]
    return Event(f"warm{row}", "warm", reel_id, EventKind.WATCH, now - row, watch_sec=share, duration_sec=1.0)
