"""Small logs and catalogues with known answers, for the tests of the evaluation."""

from collections.abc import Sequence

import numpy as np

from reels.core.types import Reel
from reels.evaluation.log import Catalogue, Log, catalogue_of, log_of
from reels.evaluation.recommenders import Context
from reels.evaluation.texts import texts_of

NOW = 1_700_000_000.0
HOUR = 3600.0
Shown = tuple[str, bool]
"""A reel and whether the exposure was positive."""


def catalogue(n: int, *, titles: Sequence[str] = (), creators: int = 0) -> Catalogue:
    """Reels `1`..`n`; reel i has titles[i-1], and creator i % creators where there are any."""
    return catalogue_of(
        [
            Reel(
                str(i + 1),
                title=titles[i] if i < len(titles) else "",
                creator_id=f"c{i % creators}" if creators else "",
            )
            for i in range(n)
        ]
    )


def log(lists: Sequence[Sequence[str | Shown]], reels: Catalogue, *, first: float = NOW) -> Log:
    """One viewer a list, oldest first, an hour apart; a plain id is a positive exposure."""
    rows = [
        (user, one if isinstance(one, tuple) else (one, True), first + place * HOUR)
        for user, shown in enumerate(lists)
        for place, one in enumerate(shown)
    ]
    return log_of(
        np.array([user for user, _, _ in rows], np.int64),
        reels.rows_of([reel for _, (reel, _), _ in rows]),
        np.array([at for _, _, at in rows], np.float64),
        np.array([positive for _, (_, positive), _ in rows], np.bool_),
        reels.n,
    )


def ids(rows: Sequence[int] | np.ndarray, reels: Catalogue) -> list[str]:
    """Reel ids of rows; a row of -1 is left out."""
    return [reels.reels[int(row)].reel_id for row in rows if row >= 0]


def asked(question: object, reels: Catalogue) -> dict[int, list[str]]:
    """Viewer -> the reels a question asks for."""
    targets, viewers = question.targets, question.history.viewers  # type: ignore[attr-defined]
    return {
        int(who): ids(targets.reels[targets.indptr[i] : targets.indptr[i + 1]], reels) for i, who in enumerate(viewers)
    }


def known(part: Log, reels: Catalogue) -> dict[int, list[str]]:
    """Viewer -> the reels of a log, oldest first."""
    return {int(who): ids(part.reels[part.indptr[i] : part.indptr[i + 1]], reels) for i, who in enumerate(part.viewers)}


def context(reels: Catalogue, *, now: float = NOW) -> Context:
    return Context(reels, texts_of(reels), now)


def clusters(n_viewers: int = 90, n_reels: int = 60, groups: int = 6, seed: int = 0) -> tuple[Catalogue, Log]:
    """Viewers who like one group of reels each, in random order: everything collaborative must find the group."""
    rng = np.random.default_rng(seed)
    words = [f"alpha{i % groups} beta{i % groups} reel number{i}" for i in range(n_reels)]
    reels = catalogue(n_reels, titles=words, creators=groups)
    own = [np.arange(n_reels)[np.arange(n_reels) % groups == g] for g in range(groups)]
    lists = [[str(i + 1) for i in rng.permutation(own[u % groups])[:6]] for u in range(n_viewers)]
    return reels, log(lists, reels)
