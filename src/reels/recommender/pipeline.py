"""The pure stages of a request, put together. `compute` walks through them: models and inputs in, a page out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reels.core.policy import Policy
from reels.core.types import FeedPage, FeedQuery, Floats, Mask, RankedReel, Rows, ScoreBoard
from reels.recommender.candidates.generator import Found, Generator
from reels.recommender.models import Models
from reels.recommender.reasons import Reason, reasons_of
from reels.recommender.stages import Filter, PageInputs, Pick, Ranker, Selection, Viewer

MORE = 4
"""When candidates run out, so many pages' worth of other reels are looked for."""
_DIGITS = 6
"""Of scores and parts: enough to add up, few enough to send."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Filters, ranker and selection of one mode."""

    filters: Sequence[Filter]
    ranker: Ranker
    selection: Selection


@dataclass(frozen=True, slots=True)
class Computed:
    """A page, and how many candidates are left for the next."""

    page: FeedPage
    left: int


def compute(
    inputs: PageInputs, models: Models, policy: Policy, pipeline: Pipeline, *, explain: bool = True
) -> Computed:
    """The page of these inputs: filters -> ranker -> selection -> reasons. Pure: the same in, the same bits out.

    `next_cursor` and `timings_ms` are left to the caller. Without `explain` there are no reasons.
    """
    query, viewer = inputs.query, inputs.viewer
    keep = kept(query, viewer, models, pipeline.filters, inputs.candidates)
    rows, found_by = inputs.candidates[keep], inputs.found_by[keep]
    board = pipeline.ranker.rank(query, viewer, models, policy, rows)
    rng = np.random.default_rng(query.seed)
    picks = pipeline.selection.pick(query, models, policy, rows, board, inputs.above, rng)
    owed = board.contributions([pick.index for pick in picks])
    reasons = reasons_of(query, viewer, models, policy, rows, board, picks, owed) if explain else [()] * len(picks)
    items = _items(models, rows, found_by, inputs.sources, board, picks, reasons, owed)
    page = FeedPage(
        feed_id=query.feed_id,
        user_id=query.user_id,
        items=items,
        next_cursor=None,
        policy_name=policy.name,
        policy_version=policy.version,
        snapshot=models.version,
        degraded=inputs.degraded,
        served_at=query.now,
        seed=query.seed,
        state_digest=inputs.state_digest,
    )
    return Computed(page, len(rows) - len(picks))


def complete(
    inputs: PageInputs,
    models: Models,
    policy: Policy,
    pipeline: Pipeline,
    generator: Generator,
    *,
    explain: bool = True,
) -> tuple[PageInputs, Computed]:
    """The page, and what it was made from. When candidates run out: once more, with what no source found."""
    query = inputs.query
    computed = compute(inputs, models, policy, pipeline, explain=explain)
    if computed.left and len(computed.page.items) == query.limit:
        return inputs, computed
    more = generator.rest(
        Found(inputs.candidates, inputs.found_by),
        models,
        MORE * query.limit,
        lambda rows: kept(query, inputs.viewer, models, pipeline.filters, rows),
    )
    if len(more.rows) == len(inputs.candidates):
        return inputs, computed
    inputs = replace(inputs, candidates=more.rows, found_by=more.found_by)
    return inputs, compute(inputs, models, policy, pipeline, explain=explain)


def kept(query: FeedQuery, viewer: Viewer, models: Models, filters: Sequence[Filter], rows: Rows) -> Mask:
    """bool[n]: what no filter drops."""
    keep = np.ones(len(rows), np.bool_)
    for one in filters:
        keep &= one.keep(query, viewer, models, rows)
    return keep


def _items(
    models: Models,
    rows: Rows,
    found_by: NDArray[np.uint32],
    sources: tuple[str, ...],
    board: ScoreBoard,
    picks: Sequence[Pick],
    reasons: Sequence[tuple[Reason, ...]],
    owed: dict[str, Floats],
) -> tuple[RankedReel, ...]:
    """The picks with everything about them. Columns first: a conversion a number would cost as much as the ranking."""
    at = [pick.index for pick in picks]
    places, bits = rows[at].tolist(), found_by[at].tolist()
    named = (board.parts, board.boosts)
    columns = [board.total[at], *(values[at] for one in named for values in one.values()), *owed.values()]
    rounded = iter(np.round(np.array(columns, np.float64), _DIGITS).tolist())
    scores = next(rounded)
    parts, boosts, contributed = (_by_pick(one, rounded, len(at)) for one in (*named, owed))
    return tuple(
        RankedReel(
            reel_id=models.reel_id(places[i]),
            row=places[i],
            score=scores[i],
            parts=parts[i],
            boosts=boosts[i],
            reasons=tuple(one.text for one in reasons[i]),
            explored=pick.explored,
            propensity=pick.propensity,
            sources=_names(sources, bits[i]),
            reason_codes=tuple(str(one) for one in reasons[i]),
            contributions=contributed[i],
        )
        for i, pick in enumerate(picks)
    )


def _by_pick(columns: dict[str, Floats], rounded: Iterator[list[float]], count: int) -> list[dict[str, float]]:
    """The next rounded columns, one a name: the values of each pick by name."""
    mine = [next(rounded) for _ in columns]
    return [dict(zip(columns, values, strict=True)) for values in zip(*mine, strict=True)] or [{} for _ in range(count)]


def _names(sources: tuple[str, ...], bits: int) -> tuple[str, ...]:
    return tuple(name for i, name in enumerate(sources) if bits >> i & 1)
