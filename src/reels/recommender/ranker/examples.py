"""Requests whose answer is known, made by the same sources, filters and features as GET /feed: what the ranker learns.

Which answers: what viewers took to after a moment `cut`, of which the snapshot knows nothing. Where times say nothing
(a tenth of the log or more at its end, as in logs without times): each viewer's newest liked reel.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reels.core.keys import Keys
from reels.core.policy import LEARNED, Policy
from reels.core.types import FeedQuery, Floats, UserState
from reels.core.user_state import HISTORY_LIMIT
from reels.learning.interactions import Interactions
from reels.learning.ranker import BLEND_PARTS, Examples
from reels.learning.workbench import Arrays
from reels.recommender.candidates.generator import Generator
from reels.recommender.models import Models
from reels.recommender.pipeline import Pipeline, kept
from reels.recommender.ranker.features.standard import NAMES, features
from reels.recommender.ranker.learned import Learned
from reels.recommender.shares import GROUP, learned_shares
from reels.recommender.viewer import viewer_of

SHARES_VIEWERS = 600
"""Requests from which the shares of the sources are learnt."""
LATE_ANSWERS = 8_000
"""So many of the newest liked pairs are answers, ..."""
LATE_SHARES = (0.02, 0.06)
"""... but no smaller and no larger a share of all: the earlier the cut, the older what the ranker learns to trust."""
UNTIMED_SHARE = 0.12
"""With more than this share at or after the cut, times say nothing."""
ENOUGH_LIKED = 2
"""Who has fewer liked reels is not asked where times say nothing."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Which pairs of the log are answers, and what the snapshot must not have learnt."""

    answers: NDArray[np.bool_]
    """bool[p]"""
    hidden: NDArray[np.bool_]
    """bool[p]: the answers, and whatever came after them."""
    now: float
    """The moment of asking, epoch s."""
    timed: bool = False
    """Whether the answers are what came after it."""


def answers_of(pairs: Interactions, now: float) -> Answers:
    """The newest liked pairs by the rules of the module; the same log, the same answers."""
    liked = pairs.values > 0
    if not liked.any():
        return Answers(liked, liked, now)
    share = float(np.clip(LATE_ANSWERS / liked.sum(), *LATE_SHARES))
    cut = float(np.quantile(pairs.at[liked], 1.0 - share))
    late = pairs.at >= cut
    if (late & liked).sum() <= UNTIMED_SHARE * liked.sum():
        return Answers(late & liked, late, cut, timed=True)
    places = np.flatnonzero(liked)
    users = pairs.users
    last = np.ones(len(places), np.bool_)
    last[:-1] = users[places[1:]] != users[places[:-1]]
    enough = np.bincount(users[liked], minlength=len(pairs.user_keys)) > ENOUGH_LIKED
    newest = np.zeros(len(users), np.bool_)
    newest[places[last]] = enough[users[places[last]]]
    return Answers(newest, newest, now)


def examples_of(
    models: Models,
    pairs: Interactions,
    found: Answers,
    generator: Generator,
    pipeline: Pipeline,
    *,
    viewers: int,
    seed: int,
    policy: Policy = LEARNED,
    share: float = 1.0,
) -> Examples:
    """Examples of at most so many viewers, drawn by `seed`. `models`: fitted without `found.hidden`.

    Requests are in the order of their first answers. Features are computed among all candidates; of those that are no
    answers a `share`, drawn by `seed`, is learnt from.
    """
    users = pairs.users
    able = np.unique(users[found.answers])
    chosen = _by_first_answer(pairs, found, np.sort(np.random.default_rng(seed).permutation(able)[:viewers]))
    ranker = pipeline.ranker
    if not isinstance(ranker, Learned):
        raise TypeError(f"the pipeline's ranker is {type(ranker).__name__}, Learned expected")
    rng = np.random.default_rng([seed, 1])
    tables: list[Floats] = []
    labels: list[NDArray[np.uint8]] = []
    parts: dict[str, list[Floats]] = {name: [] for name in BLEND_PARTS}
    for user in chosen.tolist():
        span = slice(int(pairs.indptr[user]), int(pairs.indptr[user + 1]))
        state, seen = state_of(pairs, user, ~found.hidden[span])
        wanted = pairs.reels[span][found.answers[span]]
        query = FeedQuery(state.user_id, 10, found.now, seed, "", explore=False)
        viewer = viewer_of(state, models, seen)
        built = generator.build(query, viewer, models, policy)
        rows = generator.at_request(built, query, viewer, models, policy).rows
        rows = rows[kept(query, viewer, models, pipeline.filters, rows)]
        is_answer = np.isin(models.keys[rows], wanted)
        if not is_answer.any():
            continue
        moment = ranker.moment(query, viewer, models, policy, rows)
        learnt = is_answer | (rng.random(len(rows)) < share)
        tables.append(features(moment)[learnt])
        labels.append(is_answer[learnt].astype(np.uint8))
        for name in BLEND_PARTS:
            parts[name].append(moment.parts[name][learnt])
    if not tables:
        return _nothing(len(chosen))
    return Examples(
        columns=NAMES,
        table=np.concatenate(tables),
        labels=np.concatenate(labels),
        sizes=np.array([len(one) for one in labels], np.int64),
        parts={name: np.concatenate(values) for name, values in parts.items()},
        timed=found.timed,
        asked=len(chosen),
    )


def shares_from(
    models: Models, pairs: Interactions, found: Answers, generator: Generator, *, seed: int, policy: Policy = LEARNED
) -> Arrays:
    """The group `shares`, learnt from at most `SHARES_VIEWERS` viewers. `models`: fitted without `found.hidden`."""
    able = np.unique(pairs.users[found.answers])
    chosen = np.sort(np.random.default_rng(seed).permutation(able)[:SHARES_VIEWERS])
    requests = []
    for user in chosen.tolist():
        span = slice(int(pairs.indptr[user]), int(pairs.indptr[user + 1]))
        state, seen = state_of(pairs, user, ~found.hidden[span])
        query = FeedQuery(state.user_id, 10, found.now, seed, "", explore=False)
        lists = generator.lists(query, viewer_of(state, models, seen), models, policy, policy.candidates)
        wanted = models.rows_of(pairs.reels[span][found.answers[span]])
        requests.append((lists, wanted[wanted >= 0]))
    return learned_shares([one.source.name for one in generator.shares], requests, policy.candidates)


def with_shares(models: Models, shares: Arrays) -> Models:
    """The same models whose candidates are shared out like this."""
    snapshot = models.snapshot
    return replace(models, snapshot=replace(snapshot, groups={**snapshot.groups, GROUP: shares}))


def state_of(pairs: Interactions, user: int, known: NDArray[np.bool_]) -> tuple[UserState, Keys]:
    """The state the live system would have of a viewer's known pairs, and the keys of all of them.

    `known` bool over the viewer's pairs. Region and language are not in a log of pairs and stay unknown.
    """
    start = int(pairs.indptr[user])
    mine = start + np.flatnonzero(known)
    told = mine[pairs.values[mine] != 0][-HISTORY_LIMIT:]
    state = UserState(
        user_id=str(pairs.user_keys[user]),
        history=pairs.reels[told],
        history_at=pairs.at[told],
        history_watched=pairs.watched[told],
        history_value=pairs.values[told],
        history_kinds=pairs.kinds[told],
        not_interested=pairs.reels[mine[pairs.values[mine] <= -1.0]],
    )
    return state, pairs.reels[mine]


def _by_first_answer(pairs: Interactions, found: Answers, users: NDArray[np.integer]) -> NDArray[np.integer]:
    """The viewers in the order of their first answers."""
    first = np.full(len(pairs.user_keys), np.inf)
    np.minimum.at(first, pairs.users[found.answers], pairs.at[found.answers])
    return users[np.argsort(first[users], kind="stable")]


def without(pairs: Interactions, hidden: NDArray[np.bool_]) -> Interactions:
    """The pairs that are not hidden; every viewer stays, some perhaps with none."""
    counts = np.bincount(pairs.users[~hidden], minlength=len(pairs.user_keys))
    columns = {name: getattr(pairs, name)[~hidden] for name in ("reels", "values", "watched", "kinds", "at")}
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
    return replace(pairs, indptr=indptr, events=max(pairs.events - int(hidden.sum()), 0), **columns)


def _nothing(asked: int) -> Examples:
    none = np.empty(0, np.float32)
    empty: Iterable[str] = BLEND_PARTS
    return Examples(
        NAMES,
        np.empty((0, len(NAMES)), np.float32),
        none.astype(np.uint8),
        none.astype(np.int64),
        dict.fromkeys(empty, none),
        asked,
    )
