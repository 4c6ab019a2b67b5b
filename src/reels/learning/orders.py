"""What every request begins from, sorted once for each snapshot: the groups `orders` and `head`.

orders   popular, newest           int32[n] rows, the most popular and the newest first
         recent                    int32[<= kept] rows as liked lately: likes fading within hours, within days, in turns
         by_region, by_language    int32[R, kept], int32[L, kept]: rows as popular there, the first `KEPT`
         creators                  int64[c] distinct creator keys, ascending
         creator_since             float64[c] when the creator's first reel was published
         creator_first, by_creator int64[c+1], int32[n]: creator i has the rows by_creator[first[i]:first[i+1]]
         topic_centres             float32[topics, d] mean content vector of each topic, unit
         usual_popularity          float32[1] median of the popularity
head     rows int32[h] with the largest factors and those, as codes: what the factorization searches. An inner product
         is at most the length of both vectors; few reels that nearly nobody liked are ever among the best, and all of
         a large catalogue would take a request tens of milliseconds.
"""

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats, Rows
from reels.learning.popularity import seen_from
from reels.learning.snapshot import Snapshot
from reels.learning.workbench import Arrays

KEPT = 20_000
"""Rows kept in an order by region or language; the overall orders are whole."""
RECENT = (0, 2)
"""Between which half-lives of `learning.recency` the order of what is liked lately takes turns: 6 hours, 4 days."""
HEAD = 131_072
"""Reels that the factorization searches at most: a millisecond of 64 factors each."""


def order_arrays(snapshot: Snapshot) -> Arrays:
    """The group `orders`."""
    by_creator = np.argsort(snapshot.creators, kind="stable").astype(np.int32)
    creators, first = np.unique(snapshot.creators[by_creator], return_index=True)
    since = np.minimum.reduceat(snapshot.published[by_creator], first) if len(first) else np.empty(0)
    popularity = np.asarray(snapshot.popularity)
    return {
        "popular": descending(popularity),
        "newest": descending(snapshot.published),
        "recent": _recent(snapshot),
        "by_region": _places(popularity, snapshot.regions, snapshot.region_best),
        "by_language": _places(popularity, snapshot.languages, snapshot.language_best),
        "creators": creators,
        "creator_since": since,
        "creator_first": np.append(first, len(by_creator)).astype(np.int64),
        "by_creator": by_creator,
        "topic_centres": _topic_centres(snapshot),
        "usual_popularity": np.array([np.median(popularity) if len(popularity) else 0.0], np.float32),
    }


def head_arrays(snapshot: Snapshot, most: int = HEAD) -> Arrays:
    """The group `head`: the reels with factors, at most so many, those with the largest, in row order."""
    factors = snapshot.factors
    sizes = factors.scales * np.sqrt((factors.codes.astype(np.int32) ** 2).sum(axis=1)).astype(np.float32)
    rows = np.flatnonzero(sizes > 0)
    if len(rows) > most:
        rows = np.sort(rows[np.argsort(-sizes[rows], kind="stable")[:most]])
    return {"rows": rows.astype(np.int32), "codes": factors.codes[rows], "scales": factors.scales[rows]}


def descending(values: NDArray[np.floating]) -> Rows:
    """Rows from the largest value; equal values in row order; NaN last."""
    return np.argsort(-np.asarray(values), kind="stable").astype(np.int32)


def _places(popularity: Floats, places: NDArray[np.int16], best: Floats) -> Rows:
    kept = min(KEPT, len(popularity))
    out = np.empty((len(best), kept), np.int32)
    for place in range(len(best)):
        seen = seen_from(popularity, places, best, place)
        if kept < len(seen):
            limit = np.partition(seen, len(seen) - kept)[len(seen) - kept]
            among = np.flatnonzero(seen >= limit)
            out[place] = among[np.argsort(-seen[among], kind="stable")[:kept]]
        else:
            out[place] = descending(seen)
    return out


def _recent(snapshot: Snapshot) -> Rows:
    """What is liked now; nothing where that is not known."""
    group = snapshot.groups.get("recent")
    if group is None:
        return np.empty(0, np.int32)
    counts = np.asarray(group["counts"])
    liked = int((counts[-1] > 0).sum())
    turns = np.stack([descending(counts[at])[: min(liked, KEPT // 2)] for at in RECENT], 1).ravel()
    _, first = np.unique(turns, return_index=True)
    return turns[np.sort(first)]


def _topic_centres(snapshot: Snapshot) -> Floats:
    count = len(snapshot.manifest.topics)
    centres = np.zeros((count, snapshot.content.shape[1]), np.float32)
    by_topic = np.argsort(snapshot.topics, kind="stable")
    first = np.searchsorted(snapshot.topics, np.arange(count + 1), sorter=by_topic)
    for topic in range(count):
        members = by_topic[first[topic] : first[topic + 1]]
        if len(members):
            centres[topic] = snapshot.content[members[:5000]].mean(axis=0)
    norms = np.linalg.norm(centres, axis=1, keepdims=True)
    unit: Floats = np.divide(centres, norms, out=np.zeros_like(centres), where=norms > 0)
    return unit
