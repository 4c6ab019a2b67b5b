"""Why a reel is on the page, in words a person understands, true to what its score was made of.

A reason is a code and a parameter; the words are in `TEXTS`, one place, so that a client can have its own. The strength
of a reason is what its part really added to the score; what added little is not named.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import orjson

from reels.core.policy import Policy
from reels.core.types import EventKind, FeedQuery, Floats, Rows, ScoreBoard
from reels.core.user_state import bit
from reels.recommender.evidence import Evidence
from reels.recommender.models import Models
from reels.recommender.neighbours import summed
from reels.recommender.ranker.scores.cf import ALSO, ALSO_FADE, ALSO_READ, NEXT, NEXT_FADE, NEXT_READ, fading
from reels.recommender.stages import Pick, Viewer
from reels.recommender.tastes import READ, tastes_of

TEXTS = {
    "shared": "Because you shared “{}”",
    "saved": "Because you saved “{}”",
    "liked": "Because you liked “{}”",
    "followed": "Because you follow the creator of “{}”",
    "watched_to_end": "Because you watched “{}” to the end",
    "watched": "Because you watched “{}”",
    "watched_next": "Viewers of “{}” watched this next",
    "also_watched": "Viewers of “{}” also watched this",
    "taste_alike": "Viewers with your taste watched this",
    "following": "From a creator you follow",
    "popular_in": "Popular in {}",
    "popular": "Popular now",
    "trending_in": "Trending in {}",
    "trending": "Trending now",
    "new_creator": "New creator, being tried",
    "fresh": "Fresh",
    "explored": "Something different",
    "latest": "Newest first",
    "getting_to_know": "To get to know your taste",
}
"""Words of each code; `{}` is the parameter: a title or a region."""

DEEDS = (
    (EventKind.SHARE, "shared"),
    (EventKind.SAVE, "saved"),
    (EventKind.LIKE, "liked"),
    (EventKind.FOLLOW, "followed"),
)
"""What a viewer can do with a reel besides watching it, the strongest first."""
MOST = 3
SHARE = 0.12
"""A part that added less than this share of the score is not named."""
_FLOAT32 = struct.Struct("f")
TO_THE_END = 0.9
FRESH_SEC = 3 * 86_400.0
TELLING = 0.2
"""Normalised content or cf part from which a reel of the history is named as the reason."""
POPULAR = 0.4
"""Normalised popularity from which a reel that has had its fair trial is called popular; before, it is a guess."""
TITLE = 60


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: a code of `TEXTS` and its parameter, "" where there is none."""

    code: str
    parameter: str = ""

    @property
    def text(self) -> str:
        """In words."""
        return TEXTS[self.code].format(self.parameter) if "{}" in TEXTS[self.code] else TEXTS[self.code]

    def __str__(self) -> str:
        return f"{self.code}|{self.parameter}" if self.parameter else self.code


@dataclass(frozen=True, slots=True)
class _Because:
    """For each shown reel, the place in the evidence that speaks loudest for it, or -1."""

    near: Rows
    following: Rows
    """Of the directional table."""
    also: Rows
    next_stronger: Floats
    """Directional share minus symmetric share of the cf part."""


def reasons_of(
    query: FeedQuery,
    viewer: Viewer,
    models: Models,
    policy: Policy,
    rows: Rows,
    board: ScoreBoard,
    picks: list[Pick],
    owed: dict[str, Floats],
) -> list[tuple[Reason, ...]]:
    """One to three reasons for each pick, strongest first. `rows` and `board` are of all candidates.

    `owed`: what each pick owes to the parts (`ScoreBoard.contributions`).
    """
    if query.mode == "latest":
        return [(Reason("latest"),) for _ in picks]
    shown = rows[[pick.index for pick in picks]]
    because = _because(viewer.evidence, models, shown)
    numbers = _numbers(query, models, policy, shown, board, picks, owed)
    following = viewer.state.following
    followed = np.isin(models.creators[shown], following).tolist() if len(following) else [False] * len(picks)
    told: list[tuple[Reason, ...]] = []
    for place, (row, number, pick) in enumerate(zip(shown.tolist(), numbers, picks, strict=True)):
        said = [_made(code, viewer, models, because, place, row) for code in _strongest(number, because, place)]
        if followed[place]:
            said.insert(0, Reason("following"))
        if pick.explored:
            said.insert(0, Reason("explored"))
        told.append(tuple(said[:MOST]) or (Reason("fresh" if number.fresh else "getting_to_know"),))
    return told


class _Numbers(NamedTuple):
    """Of one pick: parts that must be large enough to be told of, what it owes to parts and boosts, and the least."""

    content: float
    cf: float
    popular: bool
    fresh: bool
    owed: dict[str, float]
    boosts: dict[str, float]
    least: float
    """What is less is not named."""
    least_owed: float
    """The same as float32: parts are compared as what they are."""


def _numbers(
    query: FeedQuery,
    models: Models,
    policy: Policy,
    shown: Rows,
    board: ScoreBoard,
    picks: list[Pick],
    owed: dict[str, Floats],
) -> list[_Numbers]:
    """Columns first: a number a time costs more than the ranking."""
    at = np.array([pick.index for pick in picks], np.int64)
    published, shows = models.published[shown].tolist(), models.impressions[shown].tolist()
    boosts = list(board.boosts)
    columns = [board.parts[name][at] for name in ("content", "cf", "popularity")] + [board.total[at]]
    content, cf, popularity, total, *rest = np.array(
        [*columns, *owed.values(), *(board.boosts[name][at] for name in boosts)], np.float32
    ).tolist()
    told: list[_Numbers] = []
    for i in range(len(picks)):
        least = SHARE * max(total[i], 1e-9)
        told.append(
            _Numbers(
                content[i],
                cf[i],
                popularity[i] >= POPULAR and shows[i] >= policy.fair_trial_impressions,
                0 <= query.now - published[i] < FRESH_SEC,
                {name: column[i] for name, column in zip(owed, rest, strict=False)},
                {name: column[i] for name, column in zip(boosts, rest[len(owed) :], strict=True)},
                least,
                _FLOAT32.unpack(_FLOAT32.pack(least))[0],
            )
        )
    return told


def _strongest(number: _Numbers, because: _Because, place: int) -> list[str]:
    """What the score is made of, the strongest first, without what added little: parts, boosts, "fresh"."""
    owed = number.owed
    strong: list[tuple[float, str]] = []
    if number.content >= TELLING and because.near[place] >= 0:
        strong.append((owed["content"], "content"))
    if number.cf >= TELLING:
        strong.append((owed["cf"], "cf"))
    if number.popular:
        strong.append((owed["popularity"], "popularity"))
    if number.fresh:
        strong.append((owed["exploration"], "fresh"))
    named = [one for one in strong if one[0] > 0 and one[0] >= number.least_owed]
    boosted = [(amount, name) for name, amount in number.boosts.items() if amount > 0 and amount >= number.least]
    if boosted:  # of equals, parts, then boosts, then fresh
        last = len(named) - (bool(named) and named[-1][1] == "fresh")
        named[last:last] = boosted
    return [name for _, name in sorted(named, key=lambda one: -one[0])[:MOST]]


def _made(code: str, viewer: Viewer, models: Models, because: _Because, place: int, row: int) -> Reason:
    """The reason that a part or a boost is."""
    if code == "content":
        return _of_event(viewer.evidence, models, int(because.near[place]))
    if code == "cf":
        return _of_neighbours(viewer.evidence, models, because, place)
    if code == "popularity":
        return _popular(viewer, models, row)
    if code == "trending":
        return _trending(viewer, models, row)
    return Reason(code)


def _of_event(evidence: Evidence, models: Models, place: int) -> Reason:
    """What the viewer did with a liked reel, the strongest word first."""
    kinds, title = int(evidence.liked_kinds[place]), _title(models, int(evidence.liked[place]))
    for kind, code in DEEDS:
        if kinds & bit(kind):
            return Reason(code, title)
    return Reason("watched_to_end" if evidence.liked_watched[place] >= TO_THE_END else "watched", title)


def _of_neighbours(evidence: Evidence, models: Models, because: _Because, place: int) -> Reason:
    following, also = int(because.following[place]), int(because.also[place])
    if following >= 0 and (because.next_stronger[place] >= 0 or also < 0):
        return Reason("watched_next", _title(models, int(evidence.liked[following])))
    if also >= 0:
        return Reason("also_watched", _title(models, int(evidence.liked[also])))
    return Reason("taste_alike")


def _popular(viewer: Viewer, models: Models, row: int) -> Reason:
    """ "Popular in IN" where the reel does at least as well there as anywhere."""
    region, regions = viewer.state.region, models.snapshot.manifest.regions
    if region in regions:
        there = models.popularity_in_region(regions.index(region), np.array([row], np.int32))
        if there[0] >= models.popularity[row]:
            return Reason("popular_in", region)
    return Reason("popular")


def _trending(viewer: Viewer, models: Models, row: int) -> Reason:
    region, regions = viewer.state.region, models.snapshot.manifest.regions
    if region in regions and models.regions[row] == regions.index(region):
        return Reason("trending_in", region)
    return Reason("trending")


def _because(evidence: Evidence, models: Models, shown: Rows) -> _Because:
    nobody = np.full(len(shown), -1, np.int32)
    if not len(evidence.liked) or not len(shown):
        return _Because(nobody, nobody, nobody, np.zeros(len(shown), np.float32))
    origin, liked = models.origin[shown], models.origin[evidence.liked[:ALSO_READ]]
    values = evidence.liked_value[:ALSO_READ]
    also_sum, also = summed(models.snapshot.cf, liked, values * fading(len(liked), ALSO_FADE), origin)
    liked, values = liked[:NEXT_READ], values[:NEXT_READ]
    next_sum, following = summed(models.snapshot.next, liked, values * fading(len(liked), NEXT_FADE), origin)
    stronger = NEXT * _of_largest(next_sum) - ALSO * _of_largest(also_sum)
    return _Because(_nearest(evidence, models, shown), following, also, stronger)


def _nearest(evidence: Evidence, models: Models, shown: Rows) -> Rows:
    """Place of the liked reel that is nearest in content, weighted by its value; -1 = none is near."""
    liked = tastes_of(evidence, models).liked
    near = np.einsum("sd,hd->sh", models.content(shown), liked) * evidence.liked_value[:READ]
    return np.where(near.max(axis=1) > 0, near.argmax(axis=1), -1).astype(np.int32)


def _of_largest(values: Floats) -> Floats:
    largest = values.max(initial=0)
    return values / largest if largest > 0 else values


def _title(models: Models, row: int) -> str:
    return _title_in(models.reel_json(row))


@lru_cache(maxsize=8192)
def _title_in(json: bytes) -> str:
    """Of a reel's fields without braces. Kept: the reels a viewer likes are named page after page."""
    title = " ".join(str(orjson.loads(b"{" + json + b"}")["title"]).split()) or "a reel"
    return title if len(title) <= TITLE else title[: TITLE - 1].rstrip() + "…"
