"""Why a reel is on the page, in words a person understands, true to what its score was made of.

A reason is a code and a parameter; the words are in `TEXTS`, one place, so that a client can have its own. The strength
of a reason is what its part really added to the score; what added little is not named.
"""

from dataclasses import dataclass

import numpy as np

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
) -> list[tuple[Reason, ...]]:
    """One to three reasons for each pick, strongest first. `rows` and `board` are of all candidates."""
    if query.mode == "latest":
        return [(Reason("latest"),) for _ in picks]
    at = [pick.index for pick in picks]
    shown = rows[at]
    owed = board.contributions(at)
    because = _because(viewer.evidence, models, shown)
    return [
        _of_one(
            query, viewer, models, policy, int(row), board, pick, because, place, {k: v[place] for k, v in owed.items()}
        )
        for place, (row, pick) in enumerate(zip(shown, picks, strict=True))
    ]


def _of_one(
    query: FeedQuery,
    viewer: Viewer,
    models: Models,
    policy: Policy,
    row: int,
    board: ScoreBoard,
    pick: Pick,
    because: _Because,
    place: int,
    owed: dict[str, float],
) -> tuple[Reason, ...]:
    parts = {name: float(values[pick.index]) for name, values in board.parts.items()}
    boosts = {name: float(values[pick.index]) for name, values in board.boosts.items()}
    fresh = 0 <= query.now - models.published[row] < FRESH_SEC
    strong: list[tuple[float, Reason]] = []
    if because.near[place] >= 0 and parts["content"] >= TELLING:
        strong.append((owed["content"], _of_event(viewer.evidence, models, int(because.near[place]))))
    if parts["cf"] >= TELLING:
        strong.append((owed["cf"], _of_neighbours(viewer.evidence, models, because, place)))
    if parts["popularity"] >= POPULAR and models.impressions[row] >= policy.fair_trial_impressions:
        strong.append((owed["popularity"], _popular(viewer, models, row)))
    strong.append((boosts["trending"], _trending(viewer, models, row)))
    strong.append((boosts["new_creator"], Reason("new_creator")))
    if fresh:
        strong.append((owed["exploration"], Reason("fresh")))
    total = max(float(board.total[pick.index]), 1e-9)
    named = [(amount, reason) for amount, reason in strong if amount > 0 and amount >= SHARE * total]
    said = [reason for _, reason in sorted(named, key=lambda one: -one[0])]
    if len(viewer.state.following) and models.creators[row] in viewer.state.following:
        said.insert(0, Reason("following"))
    if pick.explored:
        said.insert(0, Reason("explored"))
    return tuple(said[:MOST]) or (Reason("fresh" if fresh else "getting_to_know"),)


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
    title = " ".join(str(models.reel(row)["title"]).split()) or "a reel"
    return title if len(title) <= TITLE else title[: TITLE - 1].rstrip() + "…"
