"""Popularity in 0..1: how much, how well and how lately a reel has been watched.

    popularity = .40 volume + .25 likes + .10 comments + .15 retention + .10 first 3 seconds

volume is log(1 + views), a view fading by half every `half_life_sec` (views of the catalogue from publication on).
Each rate is smoothed by a Beta prior fitted to the catalogue by the method of moments, so that 1 like of 1 view says
nearly nothing, then divided by its 99th percentile. Catalogue counters and counted interactions are added up.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.types import EventKind, Floats, Times
from reels.learning.catalogue import Catalogue
from reels.learning.interactions import Interactions, rows_of
from reels.learning.workbench import Arrays

WEIGHTS = {"volume": 0.40, "likes": 0.25, "comments": 0.10, "retention": 0.15, "first_3_sec": 0.10}
ELSEWHERE = 0.5
"""A reel of another region (or language) keeps this share of its popularity there, one of none `NOWHERE`."""
NOWHERE = 0.75
RATE_HALF_LIFE_SEC = 7 * 86_400.0
TELLING = (EventKind.WATCH, EventKind.LIKE, EventKind.SAVE, EventKind.SHARE, EventKind.FOLLOW)
"""Kinds counted for trending, and for the usual rate it is compared with."""
STRENGTH = (10.0, 10_000.0)
"""The prior is worth between so many views: with few reels the moments alone would trust a single view."""
_Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in the interactions of each of n reels; viewers, not events."""

    shown: _Doubles
    liked: _Doubles
    recent: _Doubles
    """Viewers to whom it was shown or who reacted, fading."""
    watchers: _Doubles
    watched: _Doubles
    """Sum over watchers of the watched share, at most 1 each."""
    usual_rate: Floats
    """Telling events a second, over about the last week."""


def beta_prior(successes: _Doubles, trials: _Doubles) -> tuple[float, float]:
    """(a, b) of the Beta distribution of the true rates, by moments: binomial noise is taken out of the variance."""
    known = trials > 0
    if known.sum() < 2 or successes[known].sum() <= 0:
        return 1.0, 20.0
    rates = np.clip(successes[known] / trials[known], 0.0, 1.0)
    mean = float(np.clip(successes[known].sum() / trials[known].sum(), 1e-6, 1 - 1e-6))
    weight = trials[known] / (trials[known] + 10.0)  # the rate of one view is 0 or 1 and tells little of the spread
    noise = float(np.average(mean * (1 - mean) / trials[known], weights=weight))
    variance = max(float(np.average((rates - mean) ** 2, weights=weight)) - noise, 1e-9)
    strength = float(np.clip(mean * (1 - mean) / variance - 1, *STRENGTH))
    return mean * strength, (1 - mean) * strength


def smoothed_rate(successes: _Doubles, trials: _Doubles) -> _Doubles:
    """Posterior mean rate of each: (a + successes) / (a + b + trials). More successes than trials count as all."""
    successes = np.minimum(successes, trials)
    a, b = beta_prior(successes, trials)
    rate: _Doubles = (a + successes) / (a + b + trials)
    return rate


def count(
    pairs: Interactions, keys: NDArray[np.int64], published: Times, *, now: float, half_life_sec: float
) -> Counts:
    """Counts the pairs of the reels in `keys` (ascending)."""
    rows = rows_of(pairs.reels, keys)
    known = rows >= 0
    n, rows = len(keys), rows[known]
    at, watched = pairs.at[known], np.minimum(np.nan_to_num(pairs.watched[known]), 1.0)
    has_watched = ~np.isnan(pairs.watched[known])
    newest = min(now, float(at.max())) if len(at) else now
    age = np.maximum(newest - at, 0.0)

    def per_reel(weight: NDArray[np.generic]) -> _Doubles:
        total: _Doubles = np.bincount(rows, weight.astype(np.float64), minlength=n).astype(np.float64)
        return total

    acted = pairs.shown[known] | (pairs.values[known] > 0)
    telling = sum(pairs.has(kind)[known].astype(np.float64) for kind in TELLING)
    lifetime = np.clip(newest - published, 3600.0, None)
    filled = (1 - np.exp2(-lifetime / RATE_HALF_LIFE_SEC)) * RATE_HALF_LIFE_SEC / np.log(2)
    return Counts(
        shown=per_reel(acted),
        liked=per_reel(pairs.has(EventKind.LIKE)[known]),
        recent=per_reel(acted * np.exp2(-age / half_life_sec)),
        watchers=per_reel(has_watched),
        watched=per_reel(watched),
        usual_rate=(per_reel(telling * np.exp2(-age / RATE_HALF_LIFE_SEC)) / filled).astype(np.float32),
    )


def popularity(catalogue: Catalogue, counts: Counts, *, now: float, half_life_sec: float) -> Floats:
    """float32[n] in 0..1, the highest near 1."""
    if not len(catalogue.keys):
        return np.empty(0, np.float32)
    newest = min(now, float(catalogue.published.max()))
    fading = np.exp2(-np.maximum(newest - catalogue.published, 0.0) / half_life_sec)
    views = np.maximum(catalogue.views + counts.shown, 0)
    parts = {
        "volume": np.log1p(catalogue.views * fading + counts.recent),
        "likes": smoothed_rate(catalogue.likes + counts.liked, views),
        "comments": smoothed_rate(catalogue.comments.astype(np.float64), catalogue.views.astype(np.float64)),
        "retention": _mean_rate(catalogue.retention, catalogue.views, counts.watched, counts.watchers),
        "first_3_sec": _mean_rate(catalogue.first_3_sec, catalogue.views, np.zeros(len(views)), np.zeros(len(views))),
    }
    total = sum(WEIGHTS[name] * _to_unit(part) for name, part in parts.items())
    return np.clip(total, 0.0, 1.0).astype(np.float32)


def popularity_arrays(catalogue: Catalogue, counts: Counts, overall: Floats) -> Arrays:
    """Popularity, and what it was counted from, as a result for `assembly`."""
    return {
        "keys": catalogue.keys,
        "popularity": overall,
        "impressions": catalogue.views + counts.shown.astype(np.int64),
        "usual_rate": counts.usual_rate,
    }


def _mean_rate(rate: Floats, views: NDArray[np.int64], summed: _Doubles, watchers: _Doubles) -> _Doubles:
    """A rate over the catalogue's views, merged with counted watchers."""
    of_views = np.where(np.isnan(rate), 0, views)
    return smoothed_rate(np.nan_to_num(rate).astype(np.float64) * of_views + summed, of_views + watchers)


def _to_unit(part: _Doubles) -> _Doubles:
    top = float(np.percentile(part, 99)) if len(part) >= 100 else float(part.max())
    unit: _Doubles = np.minimum(part / top, 1.0) if top > 0 else np.zeros_like(part)
    return unit


def best_of_each(overall: Floats, places: NDArray[np.int16], how_many: int) -> Floats:
    """float32[how_many]: the highest popularity of a reel from each region (or language); 0 = there is none."""
    best = np.zeros(how_many, np.float32)
    with np.errstate(invalid="ignore"):  # the checks say it better
        np.fmax.at(best, places[places >= 0], overall[places >= 0])
    return best


def seen_from(overall: Floats, places: NDArray[np.int16], best: Floats, place: int) -> Floats:
    """float32[m]: popularity of reels as seen in one region (or language): the best reel of its own is 1 there.

    `overall` and `places` are of the reels asked about, `best` is of all (`best_of_each`).
    """
    elsewhere = overall * np.where(places < 0, np.float32(NOWHERE), np.float32(ELSEWHERE))
    if best[place] <= 0:
        return np.asarray(elsewhere, np.float32)
    return np.asarray(np.where(places == place, overall / best[place], elsewhere), np.float32)
