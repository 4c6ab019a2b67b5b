"""A snapshot as the jobs make one, fitted on the training part of a log: what the documented formula is served from."""

from dataclasses import dataclass

import numpy as np

from reels.core.keys import key_of
from reels.core.ports import StoredReel
from reels.core.types import Floats, Times, UserState
from reels.core.user_state import HISTORY_LIMIT
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context
from reels.evaluation.texts import Texts
from reels.learning import catalogue as columns
from reels.learning.assembly import creator_totals
from reels.learning.cf_matrix import directional, symmetric
from reels.learning.embedders import Embedder, embedder_of
from reels.learning.embeddings import fit_content_space
from reels.learning.factorization import FactorizationConfig, factorize
from reels.learning.interactions import histories_of
from reels.learning.near_duplicates import near_duplicates
from reels.learning.popularity import by_place, count, popularity
from reels.learning.snapshot import Manifest, Snapshot
from reels.learning.topics import topic_names, topics_of

_UNKNOWN_CREATOR = key_of("")


@dataclass(frozen=True, slots=True)
class SnapshotConfig:
    """As the settings and the jobs have them; a test holds the two together."""

    embedder: str = "use"
    content_dim: int = 128
    factors: int = 64
    neighbours: int = 50
    half_life_sec: float = 90 * 86_400.0
    popularity_half_life_sec: float = 14 * 86_400.0


def snapshot_of(train: Log, context: Context, config: SnapshotConfig | None = None) -> Snapshot:
    """Fits everything a snapshot holds. Reels nobody met in training are there, with what their text says."""
    config = config or SnapshotConfig()
    now, threads = context.now, context.threads
    catalogue = columns.catalogue_of(_stored(train, context))
    embedder = embedder_of(config.embedder, threads=threads)
    content, projection, centre = _content(context.texts, embedder, config.content_dim)
    pairs = train.pairs(context.catalogue)
    histories = histories_of(pairs, catalogue.keys, now=now, half_life_sec=config.half_life_sec)
    factors = factorize(histories, FactorizationConfig(factors=config.factors, seed=context.seed), threads=threads)
    counts = count(pairs, catalogue.keys, catalogue.published, now=now, half_life_sec=config.popularity_half_life_sec)
    overall = popularity(catalogue, counts, now=now, half_life_sec=config.popularity_half_life_sec)
    regions, region = columns.coded(catalogue.regions)
    languages, language = columns.coded(catalogue.languages)
    topics = topics_of(content, seed=context.seed)
    names = topic_names(topics, catalogue.tags, catalogue.texts)
    impressions = counts.shown.astype(np.int64)
    offsets = np.concatenate(([0], np.cumsum([len(one) for one in catalogue.public])))
    return Snapshot(
        manifest=Manifest(
            version="evaluated",
            created_at=now,
            space=embedder.space,
            rows=len(catalogue.keys),
            content_dim=content.shape[1],
            factors=config.factors,
            regions=regions,
            languages=languages,
            topics=names,
            events=len(train),
            users=len(train.viewers),
            factor_regularization=factors.regularization,
            factor_alpha=factors.alpha,
        ),
        keys=catalogue.keys,
        creators=catalogue.creators,
        published=catalogue.published,
        durations=catalogue.durations,
        regions=region,
        languages=language,
        topics=topics,
        duplicates=near_duplicates(catalogue.stories()),
        active=catalogue.active,
        impressions=impressions,
        creator_impressions=creator_totals(catalogue.creators, impressions, _UNKNOWN_CREATOR),
        usual_rate=counts.usual_rate,
        content=content,
        projection=projection,
        centre=centre,
        cf=symmetric(histories, config.neighbours, threads=threads),
        next=directional(histories, config.neighbours, threads=threads),
        factors=factors.factors,
        gramian=factors.gramian,
        popularity=overall,
        popularity_by_region=by_place(overall, region, len(regions)),
        popularity_by_language=by_place(overall, language, len(languages)),
        reels=np.frombuffer(b"".join(catalogue.public), np.uint8),
        reels_offsets=offsets.astype(np.int64),
    )


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
