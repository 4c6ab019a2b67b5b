"""37 features of an exposure, from a state that is frozen before it: nothing of the window that is judged is counted.

Running rates would give GAUC away: a viewer's rate that moves with each answer orders that viewer's own exposures.

    rates    log odds, smoothed, and log count: viewer, reel, creator, tag, music; viewer x tag, x creator,
             x duration, x surface
    history  co-liking and EASE with the 60 newest liked and skipped reels; the last 1, 5, 20 answers
    context  duration, kind, upload, surface, hour; the reel's recent rate, fading by exposure

Viewers are described by the history they are asked with, reels by what was fitted.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats
from reels.evaluation.baselines.ease import ease_weights
from reels.evaluation.baselines.exposures.rates import Doubles, Ints, Rates, log_odds, rates_of
from reels.evaluation.log import Catalogue, Log

CLOCK_SEC = 8 * 3600.0
"""KuaiRand's own clock is ahead of UTC by so much: the hour of the day is one where the viewers live."""
HISTORY = 60
REGULARIZATION, SHRINKAGE = 200.0, 10.0
FADE = 0.98
UNKNOWN_SURFACE = 1
"""KuaiRand's main feed: sequences, which name no surface, count as shown there."""
_OF_REEL = {"reel": 10, "creator": 10, "tag": 10, "music": 10}
_OF_VIEWER = {"viewer x tag": 3, "viewer x creator": 2, "viewer x duration": 3, "viewer x surface": 3}
_VIEWER_SMOOTHING = 5
_HISTORY = (
    "knn",
    "knn fading",
    "knn best",
    "ease",
    "ease fading",
    "skipped",
    "skipped fading",
    "liked",
    "r5",
    "r20",
    "r1",
)
_CONTEXT = ("duration", "advertisement", "upload", "surface", "hour", "gap", "recent rate", "recent count")
NAMES = (
    *(f"{name} {what}" for name in ("viewer", *_OF_REEL, *_OF_VIEWER) for what in ("rate", "count")),
    *_HISTORY,
    *_CONTEXT,
)
"""The columns, in order."""
EIGHT = (
    "viewer rate", "reel rate", "surface", "duration", "viewer x surface rate", "knn fading", "viewer x duration rate",
    "r20",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a catalogue says of its n reels, as numbers."""

    creator: Ints
    tag: Ints
    music: Ints
    upload: Ints
    advertisement: Ints
    duration: Doubles
    """log(1 + seconds), the median where it is not known."""


def shelf_of(catalogue: Catalogue) -> Shelf:
    """Codes and durations; what a catalogue does not know is one more code."""
    names = [reel.tags[0] if reel.tags else "" for reel in catalogue.reels]
    seconds = np.array([reel.duration_sec or np.nan for reel in catalogue.reels])
    typical = float(np.nanmedian(seconds)) if np.isfinite(seconds).any() else 30.0
    unknown = np.full(catalogue.n, -1, np.int64)
    mark = {name: catalogue.marks.get(name, unknown).astype(np.int64) for name in ("music", "upload", "kind")}
    usual = np.bincount(mark["kind"] + 1).argmax() - 1 if catalogue.n else 0
    return Shelf(
        creator=catalogue.creators.astype(np.int64),
        tag=np.unique(names, return_inverse=True)[1].astype(np.int64),
        music=mark["music"],
        upload=mark["upload"],
        advertisement=(mark["kind"] != usual).astype(np.int64),
        duration=np.log1p(np.where(np.isnan(seconds), typical, seconds)),
    )


@dataclass(frozen=True, slots=True)
class Frozen:
    """What was known of the reels at one moment."""

    shelf: Shelf
    mean: float
    of_reel: dict[str, Rates]
    knn: Floats
    """float32[n, n]: shrunk cosine over those who liked both."""
    ease: Floats
    recent_shown: Doubles
    recent_good: Doubles

    def features(self, history: Log, exposures: Log) -> Floats:
        """float32[p, 37] of each row of `exposures`, whose viewers are those of `history`."""
        shelf, reels, owners = self.shelf, exposures.reels.astype(np.int64), exposures.owners
        columns: list[NDArray[np.generic]] = []

        def rate(found: Rates, keys: Ints, towards: Doubles | float, smoothing: float) -> Doubles:
            shown, good = found.of(keys)
            smoothed = (good + smoothing * towards) / (shown + smoothing)
            columns.extend((log_odds(smoothed), np.log1p(shown)))
            return np.asarray(smoothed)

        viewers = rates_of(history.owners, history.positive)
        viewer = np.clip(rate(viewers, owners, self.mean, _VIEWER_SMOOTHING), 0.02, 0.98)
        keys = reel_keys(shelf, reels)
        for name, smoothing in _OF_REEL.items():
            rate(self.of_reel[name], keys[name], self.mean, smoothing)
        known, asked = _viewer_keys(shelf, history), _viewer_keys(shelf, exposures)
        for name, smoothing in _OF_VIEWER.items():
            rate(rates_of(known[name], history.positive), asked[name], viewer, smoothing)
        columns.extend(_from_history(self, history, exposures).T)
        hour = (exposures.at + CLOCK_SEC) % 86_400 // 3600
        recent = self.recent_good[reels] + 3 * self.mean
        others = self.recent_shown[reels] + 3 - recent + 1e-6
        columns += [shelf.duration[reels], shelf.advertisement[reels], shelf.upload[reels], exposures.surface, hour]
        columns += [np.full(len(reels), -1), np.log(recent / others), np.log1p(self.recent_shown[reels])]
        return np.column_stack(columns).astype(np.float32)


def freeze(state: Log, shelf: Shelf) -> Frozen:
    """Counts and fits on the state. EASE and the neighbours take n^2 numbers each."""
    keys = reel_keys(shelf, state.reels.astype(np.int64))
    told = state.where(state.surface >= 0)
    order = np.argsort(told.at, kind="stable")
    shown, good = _fading(told.reels[order], told.positive[order], state.n, FADE)
    return Frozen(
        shelf=shelf,
        mean=float(state.positive.mean()) if len(state) else 0.5,
        of_reel={name: rates_of(keys[name], state.positive) for name in _OF_REEL},
        knn=_neighbours(state),
        ease=np.ascontiguousarray(ease_weights(state, REGULARIZATION)),
        recent_shown=shown,
        recent_good=good,
    )


def reel_keys(shelf: Shelf, reels: Ints) -> dict[str, Ints]:
    """What a reel's rates are counted by."""
    return {"reel": reels, "creator": shelf.creator[reels], "tag": shelf.tag[reels], "music": shelf.music[reels]}


def _viewer_keys(shelf: Shelf, log: Log) -> dict[str, Ints]:
    """int64 keys of a viewer (by position) and something else."""
    reels, owners = log.reels.astype(np.int64), log.owners << 24
    surface = np.where(log.surface < 0, UNKNOWN_SURFACE, log.surface).astype(np.int64)
    return {
        "viewer x tag": owners + shelf.tag[reels],
        "viewer x creator": owners + shelf.creator[reels] + 1,
        "viewer x duration": owners + (2 * shelf.duration[reels]).astype(np.int64),
        "viewer x surface": owners + surface,
    }


def _neighbours(state: Log) -> Floats:
    liked = state.liked().matrix()
    gram = np.asarray((liked.T @ liked).toarray(), np.float32)
    often = np.sqrt(np.diag(gram))
    gram /= np.outer(often, often) + np.float32(SHRINKAGE)
    gram[np.diag_indices_from(gram)] = 0.0
    return gram


def _from_history(frozen: Frozen, history: Log, exposures: Log) -> Floats:
    return _walk(
        history.indptr,
        history.reels,
        history.positive,
        exposures.owners,
        exposures.reels,
        frozen.knn,
        frozen.ease,
        HISTORY,
    )


@numba.njit(cache=True)
def _walk(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    good: NDArray[np.bool_],
    owners: NDArray[np.int64],
    reels: NDArray[np.int32],
    knn: Floats,
    ease: Floats,
    most: int,
) -> Floats:
    """float32[p, 11], the columns of `_HISTORY`."""
    out = np.zeros((len(owners), 11), np.float32)
    for r in range(len(owners)):
        start, stop, reel, row = indptr[owners[r]], indptr[owners[r] + 1], reels[r], out[r]
        liked, skipped, fade, fade_skipped = 0, 0, 1.0, 1.0
        for k in range(stop - 1, start - 1, -1):
            near = knn[items[k], reel]
            if good[k] and liked < most:
                row[0] += near
                row[1] += fade * near
                row[2] = max(row[2], near)
                row[3] += ease[items[k], reel]
                row[4] += fade * ease[items[k], reel]
                fade *= 0.9
                liked += 1
            elif not good[k] and skipped < most:
                row[5] += near
                row[6] += fade_skipped * near
                fade_skipped *= 0.9
                skipped += 1
        row[7] = liked
        for column, last in ((8, 5), (9, 20), (10, 1)):
            count = min(last, stop - start)
            row[column] = good[stop - count : stop].mean() if count else -1.0
    return out


@numba.njit(cache=True)
def _fading(reels: NDArray[np.int32], good: NDArray[np.bool_], n: int, fade: float) -> tuple[Doubles, Doubles]:
    """Exposures and positives of each reel, an older one counting less by `fade` with each that follows."""
    shown, positive = np.zeros(n), np.zeros(n)
    for k in range(len(reels)):
        shown[reels[k]] = shown[reels[k]] * fade + 1.0
        positive[reels[k]] = positive[reels[k]] * fade + good[k]
    return shown, positive
