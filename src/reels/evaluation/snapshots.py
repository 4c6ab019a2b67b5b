"""A snapshot as the jobs make one, fitted on the training part of a log: what the documented formula is served from."""

from dataclasses import replace

import numpy as np

from reels.core.ports import StoredReel
from reels.core.types import Floats, Mask, Times, UserState
from reels.core.user_state import HISTORY_LIMIT
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context
from reels.evaluation.texts import Texts
from reels.learning import catalogue as columns
from reels.learning.assembly import assembled
from reels.learning.embedders import Embedder, embedder_of
from reels.learning.embeddings import fit_content_space
from reels.learning.fits import FitConfig, fitted
from reels.learning.interactions import Interactions
from reels.learning.ranker import Examples, RankerConfig, fit
from reels.learning.snapshot import Snapshot
from reels.learning.watch_value import GROUP, WatchTable, fit_watch_table, valued
from reels.learning.workbench import Arrays
from reels.recommender.models import build
from reels.recommender.ranker.examples import answers_of, examples_of, shares_from, with_shares, without
from reels.recommender.shares import GROUP as SHARES
from reels.recommender.standard import generators, pipelines

SnapshotConfig = FitConfig
"""Settings of the fits."""


def snapshot_of(train: Log, context: Context, config: SnapshotConfig | None = None) -> Snapshot:
    """Fits everything a snapshot holds. Reels nobody met in training are there, with what their text says."""
    table, pairs = _valued_pairs(train, context)
    made = _fitted(train, pairs, context, config or SnapshotConfig())
    return made if table is None else replace(made, groups={**made.groups, GROUP: table.arrays()})


def _valued_pairs(train: Log, context: Context) -> tuple[WatchTable | None, Interactions]:
    """As the job `gather` leaves them."""
    pairs, keys = train.pairs(context.catalogue), context.catalogue.keys
    durations = np.array([reel.duration_sec or np.nan for reel in context.catalogue.reels], np.float32)
    table = fit_watch_table(pairs, keys, durations)
    return table, valued(pairs, table, keys, durations)


def _fitted(train: Log, pairs: Interactions, context: Context, config: SnapshotConfig) -> Snapshot:
    now, threads = context.now, context.threads
    catalogue = columns.catalogue_of(_stored(train, context))
    keys = catalogue.keys
    embedder = embedder_of(config.embedder, threads=threads)
    space = np.array(embedder.space)
    content, projection, centre = _content(context.texts, embedder, config.content_dim)
    vectors: Arrays = {"keys": keys, "content": content, "projection": projection, "centre": centre, "space": space}
    results = fitted(catalogue, pairs, vectors, config, now=now, seed=context.seed, threads=threads)
    return assembled(catalogue, pairs, results, version="evaluated", created_at=now)


def with_ranker(
    train: Log, context: Context, config: SnapshotConfig | None = None, ranker: RankerConfig | None = None
) -> Snapshot:
    """The same with a learned ranker, as the job `ranker` makes one: from requests whose answers are not known."""
    config, ranker = config or SnapshotConfig(), ranker or RankerConfig()
    examples, shares = examples_from(train, context, config, ranker)
    learned = fit(examples, ranker, threads=context.threads)
    whole = snapshot_of(train, context, config)
    return replace(whole, groups={**whole.groups, "ranker": learned, SHARES: shares})


def examples_from(
    train: Log, context: Context, config: SnapshotConfig, ranker: RankerConfig, *, there: Mask | None = None
) -> tuple[Examples, Arrays]:
    """What the ranker learns from, and the shares of the sources.

    `there` bool[n]: reels of the catalogue that exist by now; None = all.
    """
    _, pairs = _valued_pairs(train, context)
    found = answers_of(pairs, context.now)
    rows = context.catalogue.rows_of_keys(pairs.reels[found.hidden])
    known = ~np.isin(train.owners * train.n + train.reels, pairs.users[found.hidden].astype(np.int64) * train.n + rows)
    early = without(pairs, found.hidden)
    before = _fitted(train.where(known), early, replace(context, now=found.now), config)
    if there is not None:
        before = replace(before, active=np.asarray(before.active) & there)
    models, generator = build(before), generators()["for_you"]
    shares = shares_from(models, pairs, found, generator, seed=ranker.seed)
    models = with_shares(models, shares)
    examples = examples_of(
        models,
        pairs,
        found,
        generator,
        pipelines()["for_you"],
        viewers=ranker.viewers,
        seed=ranker.seed,
        share=ranker.negatives,
    )
    return examples, shares


def states_of(viewers: Log, context: Context) -> list[UserState]:
    """What the live system would know of each viewer: the newest reels, as `core.user_state` folds them."""
    pairs = viewers.pairs(context.catalogue)
    told = pairs.values != 0
    states = []
    for i, who in enumerate(viewers.viewers.tolist()):
        mine = np.arange(pairs.indptr[i], pairs.indptr[i + 1])
        unwanted = pairs.reels[mine[pairs.values[mine] <= -1.0]]
        mine = mine[told[mine]][-HISTORY_LIMIT:]
        states.append(
            UserState(
                user_id=str(who),
                history=pairs.reels[mine],
                history_at=pairs.at[mine],
                history_watched=pairs.watched[mine],
                history_value=pairs.values[mine],
                history_kinds=pairs.kinds[mine],
                not_interested=unwanted,
            )
        )
    return states


def _stored(train: Log, context: Context) -> list[StoredReel]:
    """A reel without a publication time arrived when somebody first met it, else just now."""
    first = _first_met(train, context.now)
    return [
        StoredReel(reel, float(met), float(met), "")
        for reel, met in zip(context.catalogue.reels, first.tolist(), strict=True)
    ]


def _first_met(train: Log, now: float) -> Times:
    first = np.full(train.n, now)
    np.minimum.at(first, train.reels, train.at)
    return first


def _content(texts: Texts, embedder: Embedder, dim: int) -> tuple[Floats, Floats, Floats]:
    """float32[n, d] in the content space, its projection and its centre."""
    raw = texts.embedded(embedder)
    space = fit_content_space([raw], embedder.dim, dim)
    return space.project(raw), space.projection, space.centre
