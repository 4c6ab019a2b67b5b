"""Whole histories drawn in columns: who sees what when, for many viewers at once.

The mix is that of `events` (what suits the viewer, what is popular where it is understood, what is new), drawn from
tables made once instead of from weights over the catalogue for every session: what suits is a topic by the viewer's
tastes, then a reel of that topic in a language of theirs by how good it is. One exposure costs a few binary searches
in place of a walk over the catalogue, so a million reels cost what two thousand do.
"""

from dataclasses import dataclass

import numpy as np

from reels.simulation.catalogue import DAY, Catalogue, Floats, Ints
from reels.simulation.config import SampleConfig
from reels.simulation.events import FOCUS, POPULAR, SESSION, SUITS
from reels.simulation.languages import languages
from reels.simulation.topics import TOPICS
from reels.simulation.viewers import Viewer

FRESH_DAYS = 3.0
"""Mean age of what is shown for being new."""


@dataclass(frozen=True, slots=True)
class Exposures:
    """m exposures, one column each, by viewer and then by time."""

    viewer: Ints
    """Index into the viewers asked for."""
    reel: Ints
    """Row of the catalogue."""
    session_start: Floats
    """Epoch s."""
    place: Ints
    """Of the exposure within its session, from 0."""


class Shop:
    """The catalogue sorted for drawing. Tables of n numbers each, made once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        topics = len(TOPICS)
        self._buckets = len(languages()) * topics
        bucket = catalogue.language * topics + catalogue.topic
        self._by_bucket = np.argsort(bucket, kind="stable")
        self._starts = np.searchsorted(bucket[self._by_bucket], np.arange(self._buckets + 1))
        quality = 0.4 + 0.6 * catalogue.quality
        popular = np.sqrt(catalogue.views + 1.0)
        self._suiting = _running(quality[self._by_bucket] ** 1.5 * popular[self._by_bucket] ** 0.5)
        self._popular = _running(popular[self._by_bucket])
        self._published = catalogue.published_at.astype(np.float64)
        """Ascending: the catalogue is in order of publication."""

    def exposures(self, viewers: list[Viewer], config: SampleConfig, rng: np.random.Generator) -> Exposures:
        """Histories of these viewers. A reel comes up once a viewer and never before it was published."""
        viewer, start, place, first = _sessions(len(viewers), config, rng)
        tastes, readable = _tastes(viewers), _readable(viewers)
        draw = rng.random(len(viewer))
        language = _pick(readable[viewer], rng)
        topic = _pick(_focused(tastes, viewer, first, rng), rng)
        bucket = language * len(TOPICS) + topic
        wide = language * len(TOPICS)
        reel = self._fresh(start, rng)
        suits, popular = draw < SUITS, (draw >= SUITS) & (draw < SUITS + POPULAR)
        reel[suits] = self._among(self._suiting, bucket[suits], bucket[suits] + 1, rng)
        reel[popular] = self._among(self._popular, wide[popular], wide[popular] + len(TOPICS), rng)
        kept = (reel >= 0) & (self._published[np.maximum(reel, 0)] < start)
        kept[kept] = _first_meetings(viewer[kept], reel[kept])
        return Exposures(viewer[kept], reel[kept], start[kept], place[kept])

    def _among(self, running: Floats, first: Ints, last: Ints, rng: np.random.Generator) -> Ints:
        """A row of the buckets `first`..`last` - 1 by their weights; -1 where they are empty."""
        low, high = self._starts[first], self._starts[last]
        floor = np.where(low > 0, running[np.maximum(low, 1) - 1], 0.0)
        ceiling = np.where(high > 0, running[np.maximum(high, 1) - 1], 0.0)
        aim = floor + rng.random(len(first)) * (ceiling - floor)
        at = np.clip(np.searchsorted(running, aim, side="right"), low, np.maximum(high - 1, low))
        return np.where(high > low, self._by_bucket[np.minimum(at, len(self._by_bucket) - 1)], -1)

    def _fresh(self, start: Floats, rng: np.random.Generator) -> Ints:
        """The newest reel of a moment some days (exponential) before each `start`; -1 before the first."""
        moment = start - rng.exponential(FRESH_DAYS, len(start)) * DAY
        return np.searchsorted(self._published, moment) - 1


def _sessions(viewers: int, config: SampleConfig, rng: np.random.Generator) -> tuple[Ints, Floats, Ints, Ints]:
    """(viewer, start of the session, place in it, number of the session) of each exposure, by viewer and time."""
    totals = np.clip(np.rint(config.reels_per_viewer * rng.lognormal(0.0, 0.25, viewers)), 4, None).astype(np.int64)
    counts = np.maximum(1, np.rint(totals / SESSION)).astype(np.int64)
    owner = np.repeat(np.arange(viewers), counts)
    ago = rng.uniform(0.02, config.history_days, len(owner))
    order = np.lexsort((-ago, owner))
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    lengths = totals[owner] // counts[owner] + (number < totals[owner] % counts[owner])
    starts = config.now.timestamp() - ago[order] * DAY
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    session = np.repeat(np.arange(len(owner)), lengths)
    return owner[session], starts[session], place, session


def _tastes(viewers: list[Viewer]) -> Floats:
    """float64[v, topics]: weights of what is looked for; tastes count more than in proportion, as in `events`."""
    return np.array([[one.tastes[topic.name] for topic in TOPICS] for one in viewers]) ** 1.5


def _readable(viewers: list[Viewer]) -> Floats:
    """float64[v, languages]: how often a viewer is shown something in each language."""
    spoken = languages()
    foreign = [0.15 * one.share for one in spoken]
    return np.array(
        [
            [
                1.0 if one.code == v.language else 0.4 if one.code in v.also else foreign[k]
                for k, one in enumerate(spoken)
            ]
            for v in viewers
        ]
    )


def _focused(tastes: Floats, viewer: Ints, session: Ints, rng: np.random.Generator) -> Floats:
    """float64[m, topics]: the viewer's tastes, in most sessions with one interest far ahead."""
    weights = tastes[viewer]
    sessions = int(session[-1]) + 1 if len(session) else 0
    focus, focused = rng.random(sessions), rng.random(sessions) < FOCUS
    cumulated = np.cumsum(weights, axis=1)
    aim = (focus[session] * cumulated[:, -1])[:, None]
    chosen = (cumulated < aim).sum(axis=1)
    rows = np.flatnonzero(focused[session])
    weights[rows, chosen[rows]] *= 6.0
    return weights


def _pick(weights: Floats, rng: np.random.Generator) -> Ints:
    """One column of each row by its weights; int64[m]."""
    running = np.cumsum(weights, axis=1)
    aim = (rng.random(len(weights)) * running[:, -1])[:, None]
    return np.asarray(np.minimum((running <= aim).sum(axis=1), weights.shape[1] - 1))


def _first_meetings(viewer: Ints, reel: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """bool[m]: whether the viewer meets the reel for the first time; rows are in order of time."""
    order = np.lexsort((np.arange(len(reel)), reel, viewer))
    again = np.zeros(len(reel), np.bool_)
    same = (viewer[order][1:] == viewer[order][:-1]) & (reel[order][1:] == reel[order][:-1])
    again[order[1:][same]] = True
    return ~again


def _running(weights: Floats) -> Floats:
    return np.cumsum(weights, dtype=np.float64)
