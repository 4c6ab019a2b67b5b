"""A snapshot as the jobs make one, fitted on the training part of a log: what the documented formula is served from."""

from dataclasses import dataclass

import numpy as np

from reels.core.ports import StoredReel
from reels.core.types import Floats, Times, UserState
from reels.core.user_state import HISTORY_LIMIT
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context
from reels.evaluation.texts import Texts
from reels.learning import catalogue as columns
from reels.learning.assembly import assembled
from reels.learning.cf_matrix import cf_arrays, directional, symmetric
from reels.learning.embedders import Embedder, embedder_of
from reels.learning.embeddings import fit_content_space
from reels.learning.factorization import FactorizationConfig, factor_arrays, factorize
from reels.learning.interactions import histories_of
from reels.learning.popularity import count, popularity, popularity_arrays
from reels.learning.sequence import SequenceConfig, fit_sequence, has_torch
from reels.learning.snapshot import Snapshot
from reels.learning.workbench import Arrays


@dataclass(frozen=True, slots=True)
class SnapshotConfig:
    """As the settings and the jobs have them; a test holds the two together."""

    embedder: str = "use"
    content_dim: int = 128
    factors: int = 64
    neighbours: int = 50
    half_life_sec: float = 90 * 86_400.0
    popularity_half_life_sec: float = 14 * 86_400.0
    sequence_epochs: int = 10
    """0 = no sequence model; without torch there is none either."""


def snapshot_of(train: Log, context: Context, config: SnapshotConfig | None = None) -> Snapshot:
    """Fits everything a snapshot holds. Reels nobody met in training are there, with what their text says."""
    config = config or SnapshotConfig()
    now, threads = context.now, context.threads
    catalogue = columns.catalogue_of(_stored(train, context))
    keys = catalogue.keys
    embedder = embedder_of(config.embedder, threads=threads)
    space = np.array(embedder.space)
    content, projection, centre = _content(context.texts, embedder, config.content_dim)
    pairs = train.pairs(context.catalogue)
    histories = histories_of(pairs, keys, now=now, half_life_sec=config.half_life_sec)
    factors = factorize(histories, FactorizationConfig(factors=config.factors, seed=context.seed), threads=threads)
    counts = count(pairs, keys, catalogue.published, now=now, half_life_sec=config.popularity_half_life_sec)
    overall = popularity(catalogue, counts, now=now, half_life_sec=config.popularity_half_life_sec)
    results: dict[str, Arrays] = {
        "content": {"keys": keys, "content": content, "projection": projection, "centre": centre, "space": space},
        "cf_matrix": cf_arrays(
            keys,
            symmetric(histories, config.neighbours, threads=threads),
            directional(histories, config.neighbours, threads=threads),
        ),
        "factorization": factor_arrays(keys, factors),
        "popularity": popularity_arrays(catalogue, counts, overall),
    }
    if config.sequence_epochs and has_torch():
        sequence = SequenceConfig(epochs=config.sequence_epochs, seed=context.seed)
        results["sequence"] = {"keys": keys, **fit_sequence(histories, content, sequence, threads=threads).arrays()}
    return assembled(catalogue, pairs, results, version="evaluated", created_at=now)


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
